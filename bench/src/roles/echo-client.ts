import { createEndpoint } from '@mosaik/libp2p'
import { Meter, now, pace, tell } from './role.ts'

/** Round trips of 256 bytes on one bare stream, `perSecond` of them. */
export async function run({ address, listen, perSecond }: { address: string; listen: string; perSecond: number }): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: [listen] })
  const stream = await endpoint.open(address, '/bench/echo')
  const meter = new Meter()
  let rest = new Uint8Array(0)
  stream.attach({
    onData: (chunk) => {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let at = 0
      for (; all.length - at >= 256; at += 256) {
        meter.items += 1
        meter.latencies.push(now() - new DataView(all.buffer, all.byteOffset + at).getFloat64(0))
      }
      rest = Uint8Array.from(all.subarray(at))
    },
    onDrain: () => {},
    onEnd: () => {},
    onClose: () => process.exit(1),
  })
  pace(perSecond, () => {
    const chunk = new Uint8Array(256)
    new DataView(chunk.buffer).setFloat64(0, now())
    stream.send(chunk)
  })
  tell({ type: 'ready' })
  await meter.serve()
}
