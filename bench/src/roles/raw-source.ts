import { createEndpoint } from '@mosaik/libp2p'
import { Meter, now, pace, readyMade, tell } from './role.ts'

const BATCH_BYTES = 65_536
const ITEM_BYTES = 256
const make = readyMade()

/** Items copied into a fresh buffer one behind the other: the least that anyone who batches writes by hand must do. */
function batch(): Uint8Array {
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(BATCH_BYTES).buffer)
  for (let at = 0; at < BATCH_BYTES; at += ITEM_BYTES) bytes.set(make(), at)
  return bytes
}

/** Sends on one bare byte stream: 64 KiB writes as fast as they are taken, or `perSecond` writes of 256 bytes. */
export async function run({ address, listen, perSecond }: { address: string; listen: string; perSecond?: number }): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: [listen] })
  const stream = await endpoint.open(address, '/bench/raw')
  const fill = (): void => {
    while (stream.send(batch()));
  }
  stream.attach({ onData: () => {}, onDrain: perSecond === undefined ? fill : () => {}, onEnd: () => {}, onClose: () => process.exit(1) })
  if (perSecond === undefined) fill()
  else {
    pace(perSecond, () => {
      const chunk = new Uint8Array(256)
      new DataView(chunk.buffer).setFloat64(0, now())
      stream.send(chunk)
    })
  }
  tell({ type: 'ready' })
  await new Meter().serve()
}
