import { createEndpoint } from '@mosaik/libp2p'
import { Meter, now, pace, tell } from './role.ts'

/** The most a bare stream can do: no item is made, copied or looked at, the same 64 KiB go again and again. */
const BATCH = new Uint8Array(65_536).fill(7)

/** Sends on one bare byte stream: 64 KiB writes as fast as they are taken, or `perSecond` writes of 256 bytes. */
export async function run({ address, listen, perSecond }: { address: string; listen: string; perSecond?: number }): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: [listen] })
  const stream = await endpoint.open(address, '/bench/raw')
  const fill = (): void => {
    while (stream.send(BATCH));
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
