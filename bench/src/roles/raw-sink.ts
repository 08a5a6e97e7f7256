import { createEndpoint } from '@mosaik/libp2p'
import { Meter, now, tell } from './role.ts'

/** Takes whatever comes on one bare byte stream; 256 bytes count as an item, the first eight of a chunk as its time when timed. */
export async function run({ listen, timed }: { listen: string; timed: boolean }): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: [listen] })
  const meter = new Meter()
  endpoint.handle('/bench/raw', (stream) => {
    stream.attach({
      onData: (chunk) => {
        meter.items += chunk.length / 256
        if (timed) meter.latencies.push(now() - new DataView(chunk.buffer, chunk.byteOffset).getFloat64(0))
      },
      onDrain: () => {},
      onEnd: () => {},
      onClose: () => {},
    })
  })
  tell({ type: 'ready', address: endpoint.addresses[0] })
  await meter.serve()
}
