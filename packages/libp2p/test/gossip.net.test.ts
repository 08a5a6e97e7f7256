import { MAX_GOSSIP_BYTES } from '@mosaik/core'
import type { GossipTopic, GossipVerdict, PeerId } from '@mosaik/core'
import { gossipsub } from '@libp2p/gossipsub'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { afterEach, expect, test } from 'vitest'
import { createGossip } from '../src/gossip/gossip.ts'
import type { GossipPart } from '../src/gossip/gossip.ts'
import { countingMetrics, dial, eventually, rawHost } from './support/raw-host.ts'
import type { RawHost, RawHostOptions } from './support/raw-host.ts'

interface Member {
  readonly host: RawHost
  readonly part: GossipPart
  readonly topic: GossipTopic
  readonly got: string[]
  readonly from: PeerId[]
  readonly counts: Map<string, number>
}

const QUIC = { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] }
const members: Member[] = []
const text = new TextDecoder()
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

async function member(verdict: (content: string) => GossipVerdict = () => 'accept', options: RawHostOptions = {}): Promise<Member> {
  const metrics = countingMetrics()
  const host = await rawHost({ ...options, metrics })
  const part = await createGossip(host)
  const got: string[] = []
  const from: PeerId[] = []
  const topic = part.gossip.join('news', (data, peer) => {
    const content = text.decode(data)
    got.push(content)
    from.push(peer)
    return verdict(content)
  })
  const made = { host, part, topic, got, from, counts: metrics.counts }
  members.push(made)
  return made
}

/** One hub and `count` leaves that know only the hub. */
async function star(count: number, options: RawHostOptions): Promise<{ hub: Member; leaves: Member[] }> {
  const hub = await member(undefined, options)
  const leaves = await Promise.all(Array.from({ length: count }, () => member(undefined, options)))
  await Promise.all(leaves.map((leaf) => dial(leaf.host, hub.host)))
  await eventually('all leaves and the hub see each other', () =>
    [hub, ...leaves].every((m) => m.topic.neighbours.value.size === (m === hub ? count : 1)),
  )
  return { hub, leaves }
}

const id = (m: Member): PeerId => m.host.id

afterEach(async () => {
  for (const { part } of members) await part.close()
  for (const { host } of members) await host.stop()
  members.length = 0
})

test('five nodes on a hub hear each other, once', async () => {
  const { hub, leaves } = await star(4, QUIC)
  for (const sender of [hub, ...leaves]) sender.topic.publish(bytes(`from ${id(sender)}`))
  const all = [hub, ...leaves]
  await eventually('everyone has four messages', () => all.every((m) => m.got.length >= 4))
  for (const m of all)
    expect(m.got.toSorted()).toEqual(
      all
        .filter((other) => other !== m)
        .map((other) => `from ${id(other)}`)
        .toSorted(),
    )
  for (const leaf of leaves) expect(new Set(leaf.from)).toEqual(new Set([id(hub)]))
})

test('thirty leaves of one hub hear an announcement within two seconds', async () => {
  const { leaves } = await star(30, QUIC)
  const [sender, ...others] = leaves as [Member, ...Member[]]
  // The first may overtake the joining of a leaf; from then on nobody misses one.
  await new Promise((resolve) => setTimeout(resolve, 500))
  for (let round = 0; round < 3; round++) {
    sender.topic.publish(bytes(`round ${round}`))
    await eventually(`all leaves have round ${round}`, () => others.every((leaf) => leaf.got.includes(`round ${round}`)), 2_000)
  }
}, 30_000)

test('the same content is heard once, whoever sends it', async () => {
  const { leaves } = await star(3, {})
  const [a, b, c] = leaves as [Member, Member, Member]
  a.topic.publish(bytes('same'))
  await eventually('it arrives', () => b.got.length === 1 && c.got.length === 1)
  a.topic.publish(bytes('same'))
  b.topic.publish(bytes('same'))
  b.topic.publish(bytes('other'))
  await eventually('the next one arrives', () => c.got.includes('other'))
  expect(c.got).toEqual(['same', 'other'])
})

test('nothing above 64 KiB goes out or comes in', async () => {
  const { hub, leaves } = await star(2, {})
  const [a, b] = leaves as [Member, Member]
  expect(() => a.topic.publish(new Uint8Array(MAX_GOSSIP_BYTES + 1))).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
  a.topic.publish(new Uint8Array(MAX_GOSSIP_BYTES))
  await eventually('the largest one arrives', () => b.got.length === 1)
  expect(hub.got).toHaveLength(1)
})

test('a message above 64 KiB is not heard, and one far above is not read: its stream is reset and opened anew', async () => {
  const hub = await member()
  const rude = await rawHost({
    parts: { services: { identify: identify(), pubsub: gossipsub({ globalSignaturePolicy: 'StrictNoSign', fallbackToFloodsub: false }) } },
  })
  const router = (rude.libp2p.services as unknown as { pubsub: GossipSub }).pubsub
  router.subscribe('news')
  await dial(rude, hub.host)
  await hub.topic.neighbours.until((set) => set.has(rude.id))
  await eventually('the other side knows the topic', () => router.getSubscribers('news').length === 1)
  await router.publish('news', bytes('small'))
  await router.publish('news', new Uint8Array(MAX_GOSSIP_BYTES + 1))
  await eventually('the large one was refused', () => hub.counts.get('mosaik.gossip.received["reject"]') === 1)
  expect(hub.got).toEqual(['small'])
  const voice = (): string | undefined =>
    rude.libp2p.getConnections()[0]?.streams.find(({ protocol, direction }) => protocol.startsWith('/meshsub/') && direction === 'outbound')
      ?.id
  const before = voice()
  expect(before).toBeDefined()
  await router.publish('news', new Uint8Array(3_000_000))
  await eventually('the stream is another one', () => ![before, undefined].includes(voice()))
  let tries = 0
  const again = setInterval(() => void router.publish('news', bytes(`again ${tries++}`)).catch(() => {}), 20)
  await eventually('it is heard again', () => hub.got.some((content) => content.startsWith('again'))).finally(() => clearInterval(again))
  expect(hub.got.find((content) => content !== 'small' && !content.startsWith('again'))).toBeUndefined()
  await rude.stop()
})

test('what is rejected or ignored is not passed on, and rejecting costs the sender its voice', async () => {
  const hub = await member((content) => (content.startsWith('bad') ? 'reject' : content.startsWith('old') ? 'ignore' : 'accept'))
  const [sender, other] = [await member(), await member()]
  await Promise.all([dial(sender.host, hub.host), dial(other.host, hub.host)])
  await eventually('the hub sees both', () => hub.topic.neighbours.value.size === 2 && sender.topic.neighbours.value.size === 1)
  for (const content of ['bad 1', 'old 1', 'good 1']) sender.topic.publish(bytes(content))
  await eventually('the good one arrives', () => other.got.includes('good 1'))
  expect(other.got).toEqual(['good 1'])
  expect(hub.got).toEqual(['bad 1', 'old 1', 'good 1'])
  expect(hub.counts.get('mosaik.gossip.received["reject"]')).toBe(1)
  let sent = 1
  const flood = setInterval(() => sender.topic.publish(bytes(`bad ${++sent}`)), 20)
  const heard = (): number => hub.got.filter((content) => content.startsWith('bad')).length
  await eventually('the sender is not heard any more', () => sent - heard() > 20).finally(() => clearInterval(flood))
  other.topic.publish(bytes('still here'))
  await eventually('others are', () => hub.got.includes('still here'))
})

test('neighbours follow joins, leaves and lost connections', async () => {
  const [a, b] = [await member(), await member()]
  expect(a.topic.neighbours.value.size).toBe(0)
  const connection = await dial(a.host, b.host)
  await a.topic.neighbours.until((set) => set.has(id(b)))
  await b.topic.neighbours.until((set) => set.has(id(a)))
  b.topic.leave()
  await a.topic.neighbours.until((set) => set.size === 0)
  const again = b.part.gossip.join('news', () => 'accept')
  await a.topic.neighbours.until((set) => set.has(id(b)))
  await connection.close()
  await Promise.all([a.topic.neighbours.until((set) => set.size === 0), again.neighbours.until((set) => set.size === 0)])
})

test('publishing to nobody is counted and does not spoil the next time', async () => {
  const [a, b] = [await member(), await member()]
  a.topic.publish(bytes('hello'))
  expect(a.counts.get('mosaik.gossip.unheard[]')).toBe(1)
  await dial(a.host, b.host)
  await a.topic.neighbours.until((set) => set.size === 1)
  a.topic.publish(bytes('hello'))
  await eventually('it arrives now', () => b.got.includes('hello'))
})

test('gossip moves with the peer to another connection', async () => {
  const [a, b] = [await member(undefined, QUIC), await member(undefined, QUIC)]
  const first = await dial(a.host, b.host)
  await a.topic.neighbours.until((set) => set.size === 1)
  await b.topic.neighbours.until((set) => set.size === 1)
  for (const [sender, receiver] of [
    [a, b],
    [b, a],
  ] as const) {
    const next = await sender.host.libp2p.dial(receiver.host.libp2p.getMultiaddrs(), { force: true })
    for (const old of sender.host.libp2p.getConnections(receiver.host.libp2p.peerId)) if (old !== next) await old.close()
    let sent = 0
    const timer = setInterval(() => {
      a.topic.publish(bytes(`${sent} a`))
      b.topic.publish(bytes(`${sent++} b`))
    }, 50)
    const [hadA, hadB] = [a.got.length, b.got.length]
    await eventually('both hear each other again', () => a.got.length > hadA && b.got.length > hadB).finally(() => clearInterval(timer))
  }
  expect(first.status).not.toBe('open')
})

test('one topic is joined once, and a left one is silent', async () => {
  const [a, b] = [await member(), await member()]
  expect(() => a.part.gossip.join('news', () => 'accept')).toThrow(expect.objectContaining({ code: 'ERR_ALREADY_EXISTS' }))
  await dial(a.host, b.host)
  await a.topic.neighbours.until((set) => set.size === 1)
  b.topic.leave()
  a.topic.publish(bytes('anyone?'))
  b.topic.publish(bytes('left'))
  expect(b.counts.get('mosaik.gossip.unheard[]')).toBe(1)
  await a.part.close()
  expect(() => a.part.gossip.join('more', () => 'accept')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
})
