import { generateJwtKey, issueJwt, jwtValidator, publicJwtKey } from '@mosaik/core/jwt'
import { createNetwork, defineStream } from '@mosaik/node'

const key = generateJwtKey('ES256') // of whoever decides; producers need only its public half
const friends = jwtValidator({ keys: [publicJwtKey(key)], issuers: ['tutorial'] })
const Secrets = defineStream<string>('secrets', undefined, { producer: { requireTicket: friends } })

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })

const producer = one.streams.produce(Secrets)
const consumer = two.streams.consume(Secrets)

const ticket = issueJwt({ key, peer: two.local.id, issuer: 'tutorial', expiresIn: '10m' })
two.discovery.addTicket(ticket) // from now on it is in the entry that others have of this node
await producer.send('the door is open')
console.log(await consumer.receive())

const [channel] = consumer.producers
two.discovery.removeTicket(ticket.id)
console.log((await channel!.closed).name)
