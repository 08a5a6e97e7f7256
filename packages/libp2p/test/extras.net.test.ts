import { silentLogger, uniqueId } from '@mosaik/core'
import type { Endpoint, GossipTopic } from '@mosaik/core'
import { afterEach, expect, test } from 'vitest'
import { createEndpoint } from '../src/index.ts'
import { eventually } from './support/raw-host.ts'

const LISTEN = ['/ip4/127.0.0.1/udp/0/quic-v1']
const key = uniqueId('where we meet')
const open: Endpoint[] = []

async function endpoint(network = 'extras'): Promise<Endpoint> {
  const made = await createEndpoint(network, { listen: LISTEN, logger: silentLogger })
  open.push(made)
  return made
}
const endpoints = (count: number): Promise<Endpoint[]> => Promise.all(Array.from({ length: count }, () => endpoint()))

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

test('thirty endpoints on one hub hear an announcement within two seconds', async () => {
  const [hub, ...leaves] = (await endpoints(31)) as [Endpoint, ...Endpoint[]]
  const heard = new Map<Endpoint, string[]>()
  const topics = new Map<Endpoint, GossipTopic>()
  for (const each of [hub, ...leaves]) {
    const got: string[] = []
    heard.set(each, got)
    topics.set(
      each,
      each.gossip.join('news', (data) => (got.push(new TextDecoder().decode(data)), 'accept')),
    )
  }
  await Promise.all(leaves.map((leaf) => leaf.connect(hub.addresses[0] as string)))
  await topics.get(hub)?.neighbours.until((set) => set.size === 30, { signal: AbortSignal.timeout(10_000) })
  for (const leaf of leaves) await topics.get(leaf)?.neighbours.until((set) => set.has(hub.id), { signal: AbortSignal.timeout(10_000) })
  const [sender, ...others] = leaves as [Endpoint, ...Endpoint[]]
  // An announcement that overtakes a leaf's joining is not repeated for it; the next one reaches everybody.
  let sent = 0
  const everyone = (): boolean =>
    Array.from({ length: sent }, (_, i) => `hello ${i}`).some((text) => [hub, ...others].every((each) => heard.get(each)?.includes(text)))
  const timer = setInterval(() => topics.get(sender)?.publish(new TextEncoder().encode(`hello ${sent++}`)), 100)
  await eventually('everyone has heard', everyone, 2_000).finally(() => clearInterval(timer))
}, 30_000)

test('ten endpoints that know one bootstrap address of the table find each other', async () => {
  const boot = await endpoint()
  await boot.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
  const nodes = await endpoints(10)
  await Promise.all(
    nodes.map(async (node) => {
      const session = await node.rendezvous.join({ kind: 'private', bootstrap: boot.addresses, serve: true })
      await session.provide(key)
      const found = new Set<string>()
      while (found.size < 9) {
        for await (const addresses of session.find(key, { signal: AbortSignal.timeout(15_000) }))
          found.add(addresses[0]?.split('/p2p/').at(-1) ?? '')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      expect([...found].toSorted()).toEqual(
        nodes
          .map(({ id }) => id as string)
          .filter((id) => id !== node.id)
          .toSorted(),
      )
    }),
  )
}, 30_000)

test('a table is shared by networks that refuse each other otherwise', async () => {
  const boot = await endpoint('another network')
  await boot.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
  const [a, b] = (await endpoints(2)) as [Endpoint, Endpoint]
  const sessions = await Promise.all(
    [a, b].map((each) => each.rendezvous.join({ kind: 'private', bootstrap: boot.addresses, serve: false })),
  )
  await sessions[0]?.provide(key)
  let found: readonly string[] = []
  while (found.length === 0) {
    for await (const addresses of sessions[1]?.find(key) ?? []) found = addresses
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(await b.connect(found[0] as string)).toBe(a.id)
  expect(boot.connections.value.size).toBe(0)
  await expect(a.connect(boot.addresses[0] as string)).rejects.toMatchObject({ code: 'ERR_DIFFERENT_NETWORK' })
}, 20_000)
