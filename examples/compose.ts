import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createStreams } from '@mosaik/streams'

await using endpoint = await createEndpoint('my-app', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] })
await using discovery = await createDiscovery(endpoint, { bootstrap: process.argv.slice(2) })
await using streams = createStreams(discovery)
