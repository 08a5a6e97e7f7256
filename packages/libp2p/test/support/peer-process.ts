// A peer in a process of its own. Run by peer.process.test.ts; obeys messages of its parent.
import { silentLogger } from '@mosaik/core'
import { createEndpoint } from '../../src/index.ts'

const transport = process.argv[2] === 'tcp' ? 'tcp/0' : 'udp/0/quic-v1'
const endpoint = await createEndpoint('process-test', { listen: [`/ip4/127.0.0.1/${transport}`], logger: silentLogger })
endpoint.handle('/echo/1.0', (stream) => {
  stream.attach({
    onData: (chunk) => void stream.send(chunk),
    onDrain: () => undefined,
    onEnd: () => stream.end(),
    onClose: () => undefined,
  })
})
process.send?.({ address: endpoint.addresses[0] })

process.on('message', (message: { readonly block?: number; readonly close?: boolean }) => {
  if (message.block !== undefined) {
    const end = performance.now() + message.block
    while (performance.now() < end); // The event loop stands still.
    process.send?.({ unblocked: true })
  }
  if (message.close === true) {
    process.disconnect?.()
    void endpoint.close()
  }
})
