import { CloseReasons, createLink } from '@mosaik/core'
import { createEndpoint } from '@mosaik/libp2p'

const PROTOCOL = '/my-app/upper/1.0'
const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using server = await createEndpoint('my-app', { listen })
await using client = await createEndpoint('my-app', { listen })

// Answers each message. A link sends whole messages, and what is sent faster than it is taken waits at the sender.
server.handle(PROTOCOL, (stream) => {
  const link = createLink(stream, { clock: server.clock })
  link.onMessage((message) => void link.send(Buffer.from(Buffer.from(message).toString().toUpperCase())))
})

const link = createLink(await client.open(server.addresses[0]!, PROTOCOL), { clock: client.clock })
const { promise: answer, resolve } = Promise.withResolvers<Uint8Array>()
link.onMessage(resolve)
link.send(Buffer.from('hello'))
console.log(Buffer.from(await answer).toString())
await link.close(CloseReasons.Success)
console.log((await link.closed).name)
