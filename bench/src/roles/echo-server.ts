import { createEndpoint } from '@mosaik/libp2p'
import { tell } from './role.ts'

export async function run({ listen }: { listen: string }): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: [listen] })
  endpoint.handle('/bench/echo', (stream) => {
    stream.attach({ onData: (chunk) => void stream.send(chunk), onDrain: () => {}, onEnd: () => stream.end(), onClose: () => {} })
  })
  tell({ type: 'ready', address: endpoint.addresses[0] })
}
