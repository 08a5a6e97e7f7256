import { canonical, CloseReasons, createLink, secretKey, signWith } from '@mosaik/core'
import type { CloseReason, Endpoint, Link, MosaikError } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { createDiscovery } from '../src/index.ts'
import { MAX_SYNC_MESSAGE_BYTES } from '../src/wire/limits.ts'
import { announceTopic, PING_PROTOCOL, SYNC_PROTOCOL } from '../src/wire/protocols.ts'
import { encodeAnnouncement, encodeStatement, toWire } from '../src/wire/statement.ts'
import { decodeSync, encodeSync } from '../src/wire/sync.ts'
import { author, statement } from './builders.ts'
import { closeAll, converged, metric, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

interface Scene extends AsyncDisposable {
  readonly world: SimWorld
  readonly victim: Node
  readonly friend: Node
  readonly attacker: Endpoint
}

/** Two honest nodes, and an endpoint of the same network that says what it likes. */
async function scene(seed: string): Promise<Scene> {
  const world = simWorld({ seed })
  const nodes = await simNetwork(world, 2, { announceInterval: '1s' })
  await converged(world, nodes)
  const [victim, friend] = nodes as [Node, Node]
  const attacker = await world.endpoint('net', { secretKey: secretKey('attacker') })
  return {
    world,
    victim,
    friend,
    attacker,
    [Symbol.asyncDispose]: async () => {
      await closeAll(world, nodes)
      await world.close()
    },
  }
}

async function open({ world, victim, attacker }: Scene, protocol: string): Promise<Link> {
  const stream = await world.run(attacker.open(victim.address, protocol))
  return createLink(stream, { clock: attacker.clock, firstMessageMs: 0 })
}

function ended({ world }: Scene, link: Link, within = 15_000): Promise<CloseReason> {
  return world.run(link.closed, { within })
}

/** The victim keeps announcing itself to its friend. */
async function undisturbed({ world, victim, friend }: Scene): Promise<void> {
  const before = friend.discovery.catalog.value.get(victim.id)?.updatedAt ?? 0
  await world.run(
    friend.discovery.catalog.until((catalog) => (catalog.get(victim.id)?.updatedAt ?? 0) > before + 2000),
    { within: 6000 },
  )
}

test.each([SYNC_PROTOCOL, PING_PROTOCOL])('a silent dialer on %s is cut off after 10 s and stops nothing', async (protocol) => {
  await using s = await scene(`silent ${protocol}`)
  const links = [await open(s, protocol), await open(s, protocol)]
  await undisturbed(s)
  for (const link of links) expect(await ended(s, link)).toMatchObject({ code: CloseReasons.Timeout.code })
  expect(s.world.now).toBeLessThan(14_000)
  await undisturbed(s)
})

test('a silent answerer: syncWith rejects naming it, within 10 s and a little', async () => {
  await using s = await scene('silent answer')
  s.attacker.handle(SYNC_PROTOCOL, (stream) => void createLink(stream, { clock: s.attacker.clock, firstMessageMs: 0 }))
  const before = s.world.now
  const failed = s.victim.discovery.syncWith(s.attacker.addresses[0] as string).catch((error: unknown) => error)
  await undisturbed(s)
  const error = (await s.world.run(failed)) as MosaikError
  expect(error.code).toBe('ERR_TIMEOUT')
  expect(error.message).toContain(s.attacker.id)
  expect(s.world.now - before).toBeLessThan(11_000)
})

test('a peer that does not answer the ping protocol has no round-trip time, soon', async () => {
  await using s = await scene('silent ping')
  s.attacker.handle(PING_PROTOCOL, (stream) => void createLink(stream, { clock: s.attacker.clock, firstMessageMs: 0 }))
  await s.world.run(s.attacker.connect(s.victim.address))
  const before = s.world.now
  expect(await s.world.run(s.victim.discovery.measureRtt(s.attacker.id))).toBeUndefined()
  expect(s.world.now - before).toBeLessThan(1001)
})

test.each([
  ['garbage', Uint8Array.of(1, 2, 3)],
  ['an empty message', new Uint8Array(0)],
  ['a deep nest', new Uint8Array(10_000).fill(0x81)],
  ['an unknown type', canonical([99, 1])],
  ['a message out of turn', encodeSync({ type: 'buckets', now: 0, hashes: null })],
  ['a root of the wrong length', canonical([0, 1, new Uint8Array(31)])],
  ['a date beyond all dates', canonical([0, 9e15, new Uint8Array(32)])],
  ['too many keys in a fetch', canonical([4, new Uint8Array(257 * 24)])],
  ['pages without end', canonical([3, true, new Uint8Array(0), []])],
])('sync: %s ends with ProtocolViolation', async (what, message) => {
  await using s = await scene(what)
  const link = await open(s, SYNC_PROTOCOL)
  link.send(message)
  expect(await ended(s, link)).toMatchObject({ code: CloseReasons.ProtocolViolation.code })
  await undisturbed(s)
})

test('sync: a message above the limit ends with ProtocolViolation', async () => {
  await using s = await scene('huge')
  const link = await open(s, SYNC_PROTOCOL)
  link.send(new Uint8Array(MAX_SYNC_MESSAGE_BYTES + 1))
  expect(await ended(s, link)).toMatchObject({ code: CloseReasons.ProtocolViolation.code })
  await undisturbed(s)
})

test('sync: more exchanges than one peer may have are turned away, the others are served', async () => {
  await using s = await scene('many')
  const links = await Promise.all(Array.from({ length: 12 }, () => open(s, SYNC_PROTOCOL)))
  await s.world.run('1s')
  const turnedAway = links.filter((link) => link.ended?.code === CloseReasons.TooManyRequests.code)
  expect(turnedAway).toHaveLength(4)
  expect(metric(s.victim.metrics, 'mosaik.discovery.inbound.refused')).toBe(4)
  await s.world.run(s.friend.discovery.syncWith(s.victim.address))
  for (const link of links) await ended(s, link)
  const later = await open(s, SYNC_PROTOCOL)
  later.send(encodeSync({ type: 'fetch', wanted: [] }))
  expect(decodeSync(await s.world.run(later.receive()))).toMatchObject({ type: 'statements', more: false })
})

test('sync: forged statements are dropped and counted, the genuine ones beside them taken', async () => {
  await using s = await scene('forged')
  const now = s.attacker.clock.now()
  const [alice, bob, carol] = [author('alice'), author('bob'), author('carol')]
  const genuine = statement(alice, { updatedAt: now, tags: ['genuine'] })
  const [bytes, , details] = toWire(statement(bob, { updatedAt: now, tags: ['forged'] }), true)
  const wrongKey = [bytes, signWith(alice.key, bytes), details] as const
  const swapped = [...toWire(statement(carol, { updatedAt: now, tags: ['a'] }), true).slice(0, 2), details] as never
  const link = await open(s, SYNC_PROTOCOL)
  link.send(encodeSync({ type: 'statements', more: false, wanted: [], statements: [wrongKey, swapped, toWire(genuine, true)] }))
  await s.world.run(link.receive())
  const { value } = s.victim.discovery.catalog
  expect(value.get(alice.id)?.hasTag('genuine')).toBe(true)
  expect(value.has(bob.id) || value.has(carol.id)).toBe(false)
  expect(metric(s.victim.metrics, 'mosaik.discovery.entries.refused', 'signature')).toBe(1)
  expect(metric(s.victim.metrics, 'mosaik.discovery.entries.refused', 'malformed')).toBe(1)
  expect(s.victim.discovery.feed(encodeStatement(genuine).fill(0, 10, 20))).toBe(false)
})

test('sync: somebody who sends a page now and then is cut off after a minute', async () => {
  await using s = await scene('slow')
  const link = await open(s, SYNC_PROTOCOL)
  const page = encodeSync({
    type: 'statements',
    more: true,
    wanted: [],
    statements: [toWire(statement(author('x'), { updatedAt: 0 }), false)],
  })
  const drip = (): void => {
    if (link.ended !== undefined) return
    link.send(page)
    s.attacker.clock.after(5000, drip)
  }
  drip()
  expect(await ended(s, link, 70_000)).toMatchObject({ code: CloseReasons.Timeout.code })
})

test('gossip: what cannot be read or is not signed is rejected and counted; untimely heads are ignored', async () => {
  await using s = await scene('gossip')
  await s.world.run(s.attacker.connect(s.victim.address))
  const topic = s.attacker.gossip.join(announceTopic(s.attacker.networkId), () => 'ignore')
  await s.world.run(topic.neighbours.until((peers) => peers.has(s.victim.id)))
  const now = s.attacker.clock.now()
  const alice = author('alice')
  const { head } = statement(alice, { updatedAt: now })
  topic.publish(Uint8Array.of(0xff, 0xff))
  topic.publish(encodeAnnouncement({ ...head, signature: new Uint8Array(64) }))
  topic.publish(encodeAnnouncement(statement(alice, { updatedAt: now + 600_000 }).head))
  topic.publish(encodeAnnouncement(statement(alice, { updatedAt: now - 600_000 }).head))
  await s.world.run('500ms')
  for (const reason of ['malformed', 'signature', 'future', 'stale']) {
    expect(metric(s.victim.metrics, 'mosaik.discovery.entries.refused', reason), reason).toBe(1)
  }
  expect(metric(s.victim.metrics, 'mosaik.gossip.received', 'reject')).toBe(2)
  expect(metric(s.friend.metrics, 'mosaik.discovery.entries.refused')).toBe(0)
  expect(s.victim.discovery.catalog.value.has(alice.id)).toBe(false)
})

test('gossip: a known head under a false signature is rejected by whoever knows it, not passed on', async () => {
  await using s = await scene('resigned')
  await s.world.run(s.attacker.connect(s.victim.address))
  const topic = s.attacker.gossip.join(announceTopic(s.attacker.networkId), () => 'ignore')
  await s.world.run(topic.neighbours.until((peers) => peers.has(s.victim.id)))
  const { head } = statement(author('alice'), { updatedAt: s.attacker.clock.now() })
  expect(s.victim.discovery.feed(encodeStatement({ head, details: statement(author('alice'), { updatedAt: 0 }).details }))).toBe(true)
  topic.publish(encodeAnnouncement({ ...head, signature: new Uint8Array(64) }))
  await s.world.run('200ms')
  expect(metric(s.victim.metrics, 'mosaik.discovery.entries.refused', 'signature')).toBe(1)
  expect(metric(s.friend.metrics, 'mosaik.discovery.entries.refused')).toBe(0)
})

test('gossip: a known head with false details is rejected by whoever knows it, not passed on', async () => {
  await using s = await scene('false details')
  await s.world.run(s.attacker.connect(s.victim.address))
  const topic = s.attacker.gossip.join(announceTopic(s.attacker.networkId), () => 'ignore')
  await s.world.run(topic.neighbours.until((peers) => peers.has(s.victim.id)))
  const known = statement(author('alice'), { updatedAt: s.attacker.clock.now(), tags: ['a'] })
  expect(s.victim.discovery.feed(encodeStatement(known))).toBe(true)
  const others = statement(author('bob'), { updatedAt: 0, tags: ['b'] }).details
  topic.publish(encodeAnnouncement(known.head, others))
  const renewed = statement(author('alice'), { updatedAt: s.attacker.clock.now() + 1, tags: ['a'] })
  topic.publish(encodeAnnouncement(renewed.head, others))
  await s.world.run('200ms')
  expect(metric(s.victim.metrics, 'mosaik.discovery.entries.refused', 'malformed')).toBe(2)
  expect(metric(s.friend.metrics, 'mosaik.discovery.entries.refused')).toBe(0)
})

test('gossip: heads whose details nobody has are asked for a few times, then given up', async () => {
  await using s = await scene('empty promises')
  await s.world.run(s.attacker.connect(s.victim.address))
  const topic = s.attacker.gossip.join(announceTopic(s.attacker.networkId), () => 'ignore')
  await s.world.run(topic.neighbours.until((peers) => peers.has(s.victim.id)))
  let asked = 0
  s.attacker.handle(SYNC_PROTOCOL, (stream) => {
    asked++
    const link = createLink(stream, { clock: s.attacker.clock })
    void link.receive().then(
      () => link.send(encodeSync({ type: 'statements', more: false, wanted: [], statements: [] })),
      () => {},
    )
  })
  const updatedAt = s.attacker.clock.now()
  for (let i = 0; i < 20; i++) topic.publish(encodeAnnouncement(statement(author(`ghost ${i}`), { updatedAt }).head))
  await s.world.run('20s')
  expect(metric(s.victim.metrics, 'mosaik.discovery.catalog.fetches.given_up')).toBe(20)
  expect(asked).toBeLessThan(60)
  expect(s.victim.discovery.catalog.value.size).toBe(1)
})

test('a departure that somebody else signed removes nobody', async () => {
  await using s = await scene('murder')
  const mallory = author('mallory')
  const { head } = statement({ key: mallory.key, id: s.friend.id }, { updatedAt: s.attacker.clock.now() + 1000, departed: true })
  const link = await open(s, SYNC_PROTOCOL)
  link.send(encodeSync({ type: 'statements', more: false, wanted: [], statements: [[head.bytes, head.signature, null]] }))
  await s.world.run(link.receive())
  expect(s.victim.discovery.catalog.value.has(s.friend.id)).toBe(true)
  expect(metric(s.victim.metrics, 'mosaik.discovery.entries.refused', 'signature')).toBe(1)
})

test.each([
  ['a message with content above the limit', [new Uint8Array(65)]],
  ['more pings than anyone needs', Array.from({ length: 17 }, () => new Uint8Array(0))],
])('ping: %s ends with ProtocolViolation', async (what, messages) => {
  await using s = await scene(what)
  const link = await open(s, PING_PROTOCOL)
  for (const message of messages) link.send(message)
  expect(await ended(s, link)).toMatchObject({ code: CloseReasons.ProtocolViolation.code })
  await undisturbed(s)
})

test('two nodes that use one key do not drown the network', async () => {
  await using world = simWorld({ seed: 'clones' })
  const nodes = await simNetwork(world, 2)
  await converged(world, nodes)
  const [a, b] = nodes as [Node, Node]
  const key = secretKey('clone')
  const one = await simNode(world, { bootstrap: a.address, tags: 'one' }, { secretKey: key })
  const other = await simNode(world, { bootstrap: b.address, tags: 'other' }, { secretKey: key })
  await world.run('60s')
  for (const clone of [one, other]) expect(metric(clone.metrics, 'mosaik.discovery.gossip.announced')).toBeLessThan(90)
  expect([...one.log, ...other.log].some((line) => line.includes('same key'))).toBe(true)
  expect(a.discovery.catalog.value.size).toBe(2)
  await closeAll(world, [...nodes, one, other])
})

test('a discovery that closes while others talk to it leaves nothing open', async () => {
  await using world = simWorld({ seed: 'close' })
  const nodes = await simNetwork(world, 2)
  await converged(world, nodes)
  const [a, b] = nodes as [Node, Node]
  const link = createLink(await world.run(b.endpoint.open(a.address, SYNC_PROTOCOL)), { clock: b.endpoint.clock, firstMessageMs: 0 })
  await world.run(a.discovery.close())
  expect((await world.run(link.closed)).code).toBe(CloseReasons.Cancelled.code)
  const again = await createDiscovery(a.endpoint)
  await world.run(again.close())
  await closeAll(world, [b])
})
