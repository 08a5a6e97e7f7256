import type { Producer } from '@mosaik/node'
import { BUFFER_SIZE, Bytes, Orders, start } from './streams.ts'
import type { Order } from './streams.ts'
import { Meter, now, pace, readyMade, tell } from './role.ts'

interface Options {
  readonly listen: string
  readonly bootstrap: readonly string[]
  readonly items: 'bytes' | 'objects'
  readonly consumers: number
  readonly perSecond?: number
}

export async function run({ listen, bootstrap, items, consumers, perSecond }: Options): Promise<void> {
  const network = await start(listen, bootstrap)
  const options = { lagging: 'wait', bufferSize: BUFFER_SIZE } as const
  const meter = new Meter()
  if (items === 'bytes') {
    const producer = network.streams.produce(Bytes, options)
    await producer.when.subscribed({ minimumOf: consumers })
    tell({ type: 'ready' })
    if (perSecond === undefined) void flood(producer, readyMade(), meter)
    else pace(perSecond, () => void producer.trySend(timed()))
  } else {
    const producer = network.streams.produce(Orders, options)
    await producer.when.subscribed({ minimumOf: consumers })
    tell({ type: 'ready' })
    let id = 0
    void flood(producer, () => order((id += 1)), meter)
  }
  await meter.serve()
}

/** As an application would: `trySend` while there is room, and wait where there is none. */
async function flood<T>(producer: Producer<T>, make: () => T, meter: Meter): Promise<void> {
  for (;;) {
    const item = make()
    if (!producer.trySend(item).ok) await producer.send(item)
    meter.items += 1
  }
}

function timed(): Uint8Array {
  const item = new Uint8Array(256)
  new DataView(item.buffer).setFloat64(0, now())
  return item
}

const NOTE = 'x'.repeat(155)
const order = (id: number): Order => ({
  id,
  at: 1.5,
  symbol: 'ETH/USDC',
  side: 'bid',
  price: 3812.25,
  quantity: 17,
  trader: 'trader-7',
  note: NOTE,
})
