import { createCollections } from '@mosaik/collections'
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createGroups } from '@mosaik/raft'
import { createStreams } from '@mosaik/streams'

await using endpoint = await createEndpoint('my-app') // an identity, connections, gossip
await using discovery = await createDiscovery(endpoint, { bootstrap: process.argv.slice(2) }) // who is there
await using streams = createStreams(discovery) // typed data from producers to consumers
await using groups = createGroups(discovery) // replicated state machines
await using collections = createCollections(groups) // Map, Vec, Set, Cell, Once, PriorityQueue

console.log(discovery.me.peerId === endpoint.id)
