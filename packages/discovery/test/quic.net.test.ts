import { createTicket, randomId } from '@mosaik/core'
import { createEndpoint } from '@mosaik/libp2p'
import { afterEach, expect, test } from 'vitest'
import { createDiscovery } from '../src/index.ts'
import type { Discovery, DiscoveryOptions } from '../src/index.ts'

const LISTEN = ['/ip4/127.0.0.1/udp/0/quic-v1']
const started: Discovery[] = []

async function start(network: string, options: DiscoveryOptions = {}): Promise<Discovery> {
  const endpoint = await createEndpoint(network, { listen: LISTEN })
  const discovery = await createDiscovery(endpoint, options)
  started.push(discovery)
  return discovery
}

async function stop(discovery: Discovery): Promise<void> {
  await discovery.close()
  await discovery.endpoint.close()
}

afterEach(async () => {
  await Promise.all(started.splice(0).map(stop))
})

function address(discovery: Discovery): string {
  return discovery.endpoint.addresses[0] as string
}

async function allSee(nodes: readonly Discovery[], count: number): Promise<void> {
  await Promise.all(nodes.map(({ catalog }) => catalog.until(({ size }) => size === count)))
}

test('nodes find each other over QUIC, see changes and departures', async () => {
  const network = randomId()
  const first = await start(network)
  const nodes = [
    first,
    await start(network, { bootstrap: address(first) }),
    await start(network, { bootstrap: address(first), tags: 'third' }),
  ]
  await allSee(nodes, 2)
  const [, second, third] = nodes as [Discovery, Discovery, Discovery]
  expect(second.catalog.value.get(third.endpoint.id)?.hasTag('third')).toBe(true)

  third.addTags(...Array.from({ length: 500 }, (_, i) => `tag ${i}`))
  third.addTicket(createTicket('quote', new Uint8Array(16 * 1024).fill(7)))
  const arrived = (discovery: Discovery): Promise<unknown> =>
    discovery.catalog.until((catalog) => {
      const entry = catalog.get(third.endpoint.id)
      return entry?.tags.size === 501 && entry.tickets[0]?.data.length === 16 * 1024
    })
  await Promise.all([arrived(first), arrived(second)])

  expect(await first.measureRtt(second.endpoint.id)).toBeGreaterThan(0)
  expect(first.rtt(second.endpoint.id)).toBeLessThan(1000)

  started.splice(started.indexOf(third), 1)
  await stop(third)
  await allSee([first, second], 1)
})

test('syncWith: two strangers, then another network', async () => {
  const network = randomId()
  const [a, b, c] = [await start(network), await start(network), await start(randomId())]
  await a.syncWith(address(b))
  expect(a.catalog.value.has(b.endpoint.id)).toBe(true)
  expect(b.catalog.value.has(a.endpoint.id)).toBe(true)
  await expect(a.syncWith(address(c))).rejects.toMatchObject({ code: 'ERR_DIFFERENT_NETWORK' })
})

test('ten nodes that know one address have full catalogs', async () => {
  const network = randomId()
  const first = await start(network)
  const nodes = [first]
  while (nodes.length < 10) nodes.push(await start(network, { bootstrap: address(first) }))
  await allSee(nodes, 9)
})
