import { BUFFER_SIZE, Bytes, Orders, start } from './streams.ts'
import { Meter, now, tell } from './role.ts'

export async function run({
  listen,
  bootstrap,
  items,
  timed,
}: {
  listen: string
  bootstrap: string[]
  items: string
  timed: boolean
}): Promise<void> {
  const network = await start(listen, bootstrap)
  const meter = new Meter()
  const definition = items === 'bytes' ? Bytes : Orders
  const consumer = network.streams.consume<unknown>(definition as never, { bufferSize: BUFFER_SIZE })
  tell({ type: 'ready', address: network.local.addresses[0] })
  void (async () => {
    for await (const item of consumer) {
      meter.items += 1
      if (timed) meter.latencies.push(now() - timeOf(item as Uint8Array))
    }
  })()
  await meter.serve()
}

const timeOf = (item: Uint8Array): number => new DataView(item.buffer, item.byteOffset).getFloat64(0)
