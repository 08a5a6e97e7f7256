import { createNetwork, createTicket, defineStream, uniqueId } from '@mosaik/node'
import type { TicketValidator } from '@mosaik/node'

const friends: TicketValidator = {
  class: uniqueId('tutorial.friends'),
  signature: uniqueId('tutorial.friends: knows the word'), // names the rule and all of its options
  validate(data) {
    if (new TextDecoder().decode(data) !== 'mellon') throw new Error('that is not the word')
    return 'never' // when it expires
  },
}
const Secrets = defineStream<string>('secrets', undefined, { producer: { requireTicket: friends } })

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })

const producer = one.streams.produce(Secrets)
const consumer = two.streams.consume(Secrets)

const ticket = createTicket('tutorial.friends', 'mellon')
two.discovery.addTicket(ticket) // from now on it is in the entry that others have of this node
await producer.send('the door is open')
console.log(await consumer.receive())

const [channel] = consumer.producers
two.discovery.removeTicket(ticket.id)
console.log((await channel!.closed).name)
