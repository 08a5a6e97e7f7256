import { expect, it } from 'vitest'
import { createNetwork, randomId } from '../src/index.ts'
import type { Network } from '../src/index.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']

it('lets ten nodes meet that know a name and the address of one table, served by a stranger', { timeout: 60_000 * FACTOR }, async () => {
  await using nodes = new AsyncDisposableStack()
  const table = nodes.use(await createNetwork(randomId(), { listen, discovery: { dht: { bootstrap: [] } } }))
  const name = randomId()
  const all: Network[] = []
  for (let n = 0; n < 10; n += 1) {
    all.push(nodes.use(await createNetwork(name, { listen, discovery: { dht: { bootstrap: table.local.addresses } } })))
  }
  await Promise.all(all.map(({ discovery }) => discovery.catalog.until((catalog) => catalog.size === 9)))
  expect(table.discovery.catalog.value.size).toBe(0)
})
