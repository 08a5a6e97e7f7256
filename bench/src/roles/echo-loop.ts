import { createEndpoint } from '@mosaik/libp2p'
import { serveLoads } from './load.ts'
import { tell } from './role.ts'

const BYTES = 256

/** Round trips of 256 bytes on one bare stream, the next one when the one before is back. */
export async function run({ address, listen }: { address: string; listen: string }): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: [listen] })
  const stream = await endpoint.open(address, '/bench/echo')
  const waiting: (() => void)[] = []
  let back = 0
  stream.attach({
    onData: (chunk) => {
      for (back += chunk.length; back >= BYTES; back -= BYTES) waiting.shift()?.()
    },
    onDrain: () => {},
    onEnd: () => {},
    onClose: () => process.exit(1),
  })
  serveLoads({
    write: () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve)
        stream.send(new Uint8Array(BYTES).fill(7))
      }),
  })
  tell({ type: 'ready' })
}
