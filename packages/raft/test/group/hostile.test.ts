import { canonical, createMetrics } from '@mosaik/core'
import type { CanonicalValue, Endpoint, Metrics, PeerId } from '@mosaik/core'
import { expect, it, describe } from 'vitest'
import type { Content, Envelope } from '../../src/logic/messages.ts'
import { decodeSnapshotFrame, encodeSnapshotFrame } from '../../src/wire/snapshot-frames.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { EvilMember, follow, LIFE } from './support/evil.ts'
import type { EvilBond } from './support/evil.ts'
import { GroupWorld } from './world.ts'
import type { Node } from './world.ts'
import type { JoinOptions } from '../../src/types.ts'
import { keyBeside } from '../bond/support/raw.ts'

const LINEAGE = 'ab'.repeat(32)
const HUGE = 2 ** 53 - 1
const FAR = { term: 1_000, index: 1_000_000 }

interface Scene extends AsyncDisposable {
  readonly world: GroupWorld
  readonly nodes: readonly Node[]
  readonly leader: Node
  readonly follower: Node
  readonly evil: EvilMember
  readonly metrics: ReadonlyMap<PeerId, Metrics>
  readonly stores: ReadonlyMap<PeerId, LogStore>
  /** Checks that nobody but the evil one has noticed anything, and that the group goes on. */
  undisturbed(): Promise<void>
}

/** So many good members with a history of three commands, and one that holds the key and is not good. */
async function scene(seed: string, good = 3, options: Partial<JoinOptions> = {}): Promise<Scene> {
  const world = new GroupWorld(`hostile ${seed}`)
  const metrics = new Map<PeerId, Metrics>()
  const stores = new Map<PeerId, LogStore>()
  for (let i = 0; i < good; i++) {
    const [own, storage] = [createMetrics(), memoryLog()]
    const { id } = await world.node({ storage, ...options }, { metrics: own })
    metrics.set(id, own)
    stores.set(id, storage)
  }
  const nodes = [...world.nodes]
  const leader = await world.run(world.settled(nodes))
  for (let i = 0; i < 3; i++) await world.run(leader.group.execute(`before ${i}`))
  const evil = await EvilMember.join(world, nodes)
  await world.run(world.pass(500))
  const isGood = ({ peerId }: { readonly peerId: PeerId }): boolean => peerId !== evil.id
  const bondsOf = ({ group }: Node): unknown => group.bonds.value.filter(isGood)
  const bonds = nodes.map(bondsOf)
  const told = nodes.map((node) => node.told.length)
  const { term } = leader.group
  return {
    world,
    nodes,
    leader,
    follower: nodes.find((node) => node !== leader) as Node,
    evil,
    metrics,
    stores,
    undisturbed: async () => {
      for (const node of nodes) await world.run(node.group.execute(`after ${node.id}`, { timeout: '5s' }))
      const end = leader.group.committed.value
      await world.until(() => nodes.every(({ group }) => group.position.value.index >= end), 'all have everything')
      const lines = ['before 0', 'before 1', 'before 2', ...nodes.map(({ id }) => `after ${id}`)]
      for (const [i, node] of nodes.entries()) {
        expect(node.journal.lines).toEqual(lines)
        expect((await world.run(node.group.query('all', { timeout: '5s' }))).result).toEqual(lines)
        expect(bondsOf(node)).toEqual(bonds[i])
        expect(node.told.slice(told[i]).filter(({ type }) => type !== 'membership')).toEqual([])
        expect(node.group.term).toBe(term)
      }
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

/** A message as bytes, with anything in it. */
function raw(fields: Record<string, unknown>): Uint8Array {
  return Uint8Array.of(1, ...canonical(fields as CanonicalValue))
}

function envelope(type: string, content: unknown, rest: Record<string, unknown> = {}): Uint8Array {
  return raw({ type, lineage: null, term: 1, incarnation: LIFE, content, ...rest })
}

/** An append of term 1 after nothing: count, entries. */
function append(count: number, ...entries: number[]): Uint8Array {
  const bytes = Buffer.alloc(77)
  bytes[0] = 2
  bytes.writeBigUInt64BE(1n, 41)
  bytes.writeUInt32BE(count, 73)
  return new Uint8Array([...bytes, ...entries])
}

const nested = Uint8Array.of(1, ...new Array<number>(5_000).fill(0x81), 0xf6)
const noTerm = append(0)
noTerm.fill(0xff, 41, 49)
const part = encodeSnapshotFrame({ type: 'part', index: 5, part: 1, bytes: new Uint8Array(8) })
const voter = (i: number): unknown => ({ peerId: String(i), incarnation: LIFE, durable: false })

const malformed: [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['an unknown kind', Uint8Array.of(99, 1, 2, 3)],
  ['no CBOR', Uint8Array.of(1, 0xff, 0xff)],
  ['CBOR that ends early', envelope('read', { ticket: 7 }).subarray(0, -1)],
  ['CBOR that goes on', new Uint8Array([...envelope('read', { ticket: 7 }), 0])],
  ['CBOR nested five thousand deep', nested],
  ['an unknown type', envelope('no such', {})],
  ['a type that objects have', envelope('constructor', {})],
  ['a field too many', envelope('read', { ticket: 7, more: 1 })],
  ['a field too few', envelope('read', {})],
  ['a negative ticket', envelope('read', { ticket: -1 })],
  ['a ticket that is no whole number', envelope('read', { ticket: 1.5 })],
  ['a term that is text', envelope('read', { ticket: 7 }, { term: '1' })],
  ['no life', envelope('read', { ticket: 7 }, { incarnation: 'x' })],
  ['no lineage', envelope('read', { ticket: 7 }, { lineage: 'x' })],
  ['a list instead of a message', Uint8Array.of(1, ...canonical([1, 2]))],
  ['more voters than may be', envelope('hello', { configuration: { voters: Array.from({ length: 256 }, (_, i) => voter(i)) } })],
  ['a proposal to change the voters', envelope('forward', { proposals: [{ id: 1, data: Uint8Array.of(2, 0xa0) }] })],
  ['a proposal that is no entry', envelope('forward', { proposals: [{ id: 1, data: new Uint8Array(0) }] })],
  ['a proposal of commands without end', envelope('forward', { proposals: [{ id: 1, data: Uint8Array.of(5, 1, 65, ...new Uint8Array(16), 255, 255, 255, 255) }] })],
  ['an append cut short', append(0).subarray(0, 50)],
  ['an append of a term that no number is', noTerm],
  ['an append with fewer entries than it says', append(3)],
  ['an append with four thousand million entries', append(2 ** 32 - 1)],
  ['an append with an entry of four thousand million bytes', append(1, ...new Uint8Array(8), 255, 255, 255, 255)],
  ['an append with an entry of no kind', append(1, ...new Uint8Array(8), 0, 0, 0, 1, 200)],
  ['a chunk that is too large', new Uint8Array([...part, ...new Uint8Array(60_000)]).fill(3, 0, 1)],
  ['a chunk beyond all', encodeSnapshotFrame({ type: 'ask', index: 5, part: 2 ** 31 })],
] // prettier-ignore

describe('what is malformed closes the group for its sender, is counted, and disturbs nobody', () => {
  it.each(malformed)('%s', async (what, bytes) => {
    await using s = await scene(what)
    const bond = s.evil.with(s.leader)
    bond.bytes(bytes)
    await s.world.run(s.world.until(() => bond.closed !== undefined, 'the group is closed'))
    expect(bond.closed).toMatchObject({ code: 400, name: 'ProtocolViolation' })
    expect(s.leader.group.bonds.value.map(({ peerId }) => peerId)).not.toContain(s.evil.id)
    expect(s.metrics.get(s.leader.id)?.text()).toMatch(/^mosaik_groups_bonds_groups_ended\{[^}]*reason="ProtocolViolation"[^}]*\} 1$/m)
    expect(s.evil.with(s.follower).closed).toBeUndefined()
    await s.undisturbed()
  })
})

const command = (session: string, number: number) =>
  ({ kind: 'commands', session, number, lowWater: 1, payloads: [canonical('forged')] }) as const
const forged = (s: Scene) => ({ index: s.leader.group.committed.value + 1, term: s.leader.group.term, data: command('x', 1) })
const last = (s: Scene) => s.leader.group.position.value
const facts = { id: LINEAGE, commands: HUGE, entries: HUGE, quorum: true } as unknown as Extract<Content, { type: 'meet' }>['facts']
const foreign = { lineage: LINEAGE as Envelope['lineage'] }

type Lie = (say: (content: Content, envelope?: Partial<Envelope>) => void, s: Scene, bond: EvilBond) => void
const lies: [string, Lie][] = [
  ['append in the term of another leader', (say, s) => say({ type: 'append', previous: last(s), entries: [forged(s)], commit: HUGE })],
  ['append to the beginning of the log', (say, s) => say({ type: 'append', previous: { term: 0, index: 0 }, entries: [{ ...forged(s), index: 1 }], commit: 1 })],
  ['append of a term that is over', (say, s) => say({ type: 'append', previous: last(s), entries: [forged(s)], commit: HUGE }, { term: 0 })],
  ['heartbeat as if it led', (say) => say({ type: 'heartbeat', commit: HUGE, round: HUGE, answer: true, hash: 1, leading: true, idle: true })],
  ['heartbeat that somebody has resigned', (say) => say({ type: 'heartbeat', commit: 0, round: 0, answer: false, hash: undefined, leading: false, idle: false })],
  ['heartbeat answer to what was never asked', (say) => say({ type: 'heartbeat-answer', round: HUGE, idle: true })],
  ['acknowledgement of what nobody has', (say) => say({ type: 'append-answer', index: HUGE, hint: undefined })],
  ['acknowledgement with a hint beyond the log', (say) => say({ type: 'append-answer', index: 3, hint: { term: HUGE, index: HUGE } })],
  ['pre-vote with a log of a thousand terms', (say, s) => say({ type: 'vote', pre: true, campaign: s.leader.group.term + 1, last: FAR, transfer: false })],
  ['vote with such a log, in a later term', (say, s) => say({ type: 'vote', pre: false, campaign: s.leader.group.term + 1, last: FAR, transfer: false }, { term: s.leader.group.term + 1 })],
  ['vote in this term', (say, s) => say({ type: 'vote', pre: false, campaign: s.leader.group.term, last: FAR, transfer: true })],
  ['a vote given a thousand times, unasked', (say, s) => {
    for (let i = 0; i < 1_000; i++) say({ type: 'vote-answer', pre: i % 2 === 0, campaign: s.leader.group.term + (i % 2), verdict: 'granted' })
  }],
  ['stand for election, from who does not lead', (say) => say({ type: 'timeout-now' })],
  ['hello with a log beyond all', (say) => say({ type: 'hello', preference: 'normal', durable: true, origin: undefined, last: FAR, committed: FAR, led: true, configuration: { voters: [] } })],
  ['audit with another hash', (say, s) => say({ type: 'audit', index: last(s).index, hash: 1, answer: true })],
  ['root of a snapshot that nobody took', (say, s) => say({ type: 'snapshot-report', mark: last(s).index, root: '00' })],
  ['accepted, what it was never given', (say) => say({ type: 'forward-answer', accepted: Array.from({ length: 100 }, (_, id) => ({ id, index: 1 })), refused: [] })],
  ['position for a read that it was never asked for', (say) => {
    for (let ticket = 0; ticket < 100; ticket++) say({ type: 'read-answer', ticket, index: 0 })
  }],
  ['entries for a recovery that is none', (say, s) => say({ type: 'fetched', previous: last(s), entries: [forged(s)] })],
  ['question about a recovery', (say, s) => say({ type: 'founding', lineageToBe: LINEAGE as never, parent: s.leader.group.lineage, last: FAR })],
  ['question about a founding', (say) => say({ type: 'founding', lineageToBe: LINEAGE as never, parent: undefined, last: FAR })],
  ['promise for a founding', (say) => say({ type: 'founding-answer', lineageToBe: LINEAGE as never, granted: true, last: FAR, committed: FAR })],
  ['append of another history', (say, s) => say({ type: 'append', previous: last(s), entries: [forged(s)], commit: HUGE }, { ...foreign, term: 99 })],
  ['vote of another history', (say) => say({ type: 'vote', pre: false, campaign: 99, last: FAR, transfer: true }, { ...foreign, term: 99 })],
  ['meeting of other histories', (say) => say({ type: 'meet', other: LINEAGE as never, facts }, foreign)],
  ['message of another life', (say, s) => say({ type: 'append', previous: last(s), entries: [forged(s)], commit: HUGE }, { incarnation: '0'.repeat(16), term: 99 })],
  ['what it has heard, said back', (_, __, bond) => {
    for (const { type, lineage, term, incarnation, ...fields } of bond.heard.slice(-50)) bond.say({ type, ...fields } as Content, { lineage, term, incarnation })
  }],
  ['proposal in a session that was never opened', (say) => say({ type: 'forward', proposals: [{ id: 1, data: command('nobody', 1) }] })],
  ['chunks that it was never asked for', (_, s, bond) => {
    for (let i = 0; i < 20; i++) bond.bytes(encodeSnapshotFrame({ type: 'part', index: last(s).index, part: i, bytes: new Uint8Array(64) }))
  }],
  ['the last term of all', (say) => say({ type: 'vote', pre: false, campaign: HUGE, last: FAR, transfer: true }, { term: HUGE })],
  ['goodbye, and nothing ends', (say) => say({ type: 'departure', isLeaving: true })],
] // prettier-ignore

/** What only the leader says, and what nobody can say. The rest is answered as it would be to anybody. */
const counted = [
  'append in the term of another leader', 'append to the beginning of the log', 'heartbeat as if it led', 'stand for election, from who does not lead',
  'accepted, what it was never given', 'position for a read that it was never asked for', 'message of another life', 'the last term of all',
] // prettier-ignore

describe('lies of a member that is no voter come to nothing', () => {
  it.each(lies)('%s', async (what, lie) => {
    await using s = await scene(what)
    for (const bond of s.evil.bonds) lie((content, over) => bond.say(content, over), s, bond)
    await s.world.run(s.world.pass(1_000))
    await s.undisturbed()
    const ignored = /^mosaik_groups_raft_ignored\{.*\} (\d+)$/m.exec(s.metrics.get(s.follower.id)?.text() ?? '')?.[1]
    if (counted.includes(what)) expect(Number(ignored)).toBeGreaterThan(0)
  })
})

describe('answers count from who was asked', () => {
  it('a strong query never takes its position from who does not lead', async () => {
    await using s = await scene('false position')
    const heal = s.world.sim.partition(s.leader.endpoint, s.follower.endpoint)
    await s.world.run(s.leader.group.execute('new'))
    const query = s.follower.group.query('all', { timeout: '20s' })
    await s.world.run(s.world.pass(20))
    for (let ticket = 0; ticket < 100; ticket++) s.evil.with(s.follower).say({ type: 'read-answer', ticket, index: 0 })
    await s.world.run(s.world.pass(100))
    heal()
    expect((await s.world.run(query)).result).toContain('new')
  })

  it('a feed never takes its index from who does not lead', async () => {
    await using s = await scene('false index')
    const heal = s.world.sim.partition(s.leader.endpoint, s.follower.endpoint)
    const fed = s.follower.group.feed('fed', { timeout: '20s' })
    await s.world.run(s.world.pass(20))
    const accepted = Array.from({ length: 100 }, (_, id) => ({ id, index: 1 }))
    s.evil.with(s.follower).say({ type: 'forward-answer', accepted, refused: [] })
    await s.world.run(s.world.pass(100))
    heal()
    expect(await s.world.run(fed)).toBeGreaterThan(1)
    await s.world.run(s.follower.group.execute('after'))
    expect(s.follower.journal.lines).toContain('fed')
  })
})

/** Four good members and the evil one, which has a vote. */
async function withVote(seed: string): Promise<Scene> {
  const s = await scene(seed, 4)
  const hasVote = (): boolean => s.leader.group.members.value.filter(({ standing }) => standing === 'voter').length === 5
  await s.world.run(s.world.until(hasVote, 'the evil one has a vote'))
  expect(s.leader.group.members.value).toContainEqual({ peerId: s.evil.id, incarnation: LIFE, standing: 'voter' })
  return s
}

describe('a voter', () => {
  it('that gives its vote to everyone makes no second leader of a term', async () => {
    await using s = await withVote('votes twice')
    s.evil.onMessage = (bond, message) => {
      if (message.type !== 'vote') return follow(bond, message)
      const { pre, campaign } = message
      bond.say({ type: 'vote-answer', pre, campaign, verdict: 'granted' }, { term: Math.max(message.term, campaign - 1) })
    }
    const leaders = new Map<number, Set<PeerId>>()
    for (let round = 0; round < 3; round++) {
      const heal = s.world.sim.partition(s.nodes.find(({ group }) => group.isLeader)?.endpoint as Endpoint)
      await s.world.run(s.world.pass(2_500))
      heal()
      await s.world.run(s.world.ledBySame(s.nodes))
    }
    for (const { told } of s.nodes) {
      for (const event of told) {
        if (event.type !== 'leader' || event.leader === undefined) continue
        leaders.set(event.term, (leaders.get(event.term) ?? new Set()).add(event.leader))
      }
    }
    expect(leaders.size).toBeGreaterThan(2)
    expect([...leaders.values()].filter(({ size }) => size > 1)).toEqual([])
    for (const node of s.nodes) await s.world.run(node.group.execute(`after ${node.id}`))
    for (const node of s.nodes) expect((await s.world.run(node.group.query('all'))).result).toHaveLength(7)
  })

  it.each<[string, (bond: EvilBond, index: number) => void]>([
    ['with another log than the others', (bond, index) => bond.say({ type: 'audit', index, hash: 1, answer: true })],
    ['with another state than the others', (bond, index) => bond.say({ type: 'snapshot-report', mark: index, root: '00' })],
    ['that claims what nobody has', (bond) => bond.say({ type: 'append-answer', index: HUGE, hint: undefined })],
  ])('%s is outvoted', async (what, lie) => {
    await using s = await withVote(what)
    for (let i = 0; i < 20; i++) {
      for (const bond of s.evil.bonds) lie(bond, s.leader.group.committed.value)
      await s.world.run(s.world.pass(50))
    }
    await s.undisturbed()
  })

  it('that says nothing any more holds up nobody', async () => {
    await using s = await withVote('mute')
    s.evil.onMessage = () => {}
    await s.world.run(s.world.pass(2_000))
    await s.undisturbed()
  })
})

describe('floods', () => {
  it.each<[string, (bond: EvilBond, i: number) => void]>([
    ['reads', (bond, ticket) => bond.say({ type: 'read', ticket })],
    ['proposals', (bond, i) => {
      const proposals = Array.from({ length: 10 }, (_, id) => ({ id, data: command('nobody', 10 * i + id) }))
      bond.say({ type: 'forward', proposals })
    }],
    ['questions for chunks', (bond, i) => bond.bytes(encodeSnapshotFrame({ type: 'ask', index: i, part: i }))],
    ['questions for entries', (bond) => bond.say({ type: 'fetch', previous: { term: 0, index: 0 } })],
    ['audits', (bond, i) => bond.say({ type: 'audit', index: i % 4, hash: i, answer: true })],
  ])('five thousand %s: the others go on', async (what, say) => {
    await using s = await scene(`flood of ${what}`, 3, { retention: { entries: 64 } })
    const before = s.leader.group.committed.value
    for (let i = 0; i < 5_000; i++) {
      say(s.evil.with(s.leader), i)
      if (i % 1_000 === 0) await s.world.run(s.leader.group.query('size', { timeout: '5s' }))
    }
    if (what === 'proposals') await s.world.until(() => s.leader.group.committed.value > before + 40_000, 'they are in the log')
    await s.undisturbed()
    for (const { first, last } of s.stores.values()) expect(last.index - first).toBeLessThan(1_024)
  })
}) // prettier-ignore

it('who comes late asks somebody else for what the evil one has falsified', async () => {
  await using s = await scene('false chunks', 3, { retention: { entries: 8 } })
  for (let i = 0; i < 60; i++) await s.world.run(s.leader.group.execute(`line ${i}`))
  await s.world.run(s.world.pass(500))
  let asked = 0
  s.evil.onFrame = (bond, bytes) => {
    const frame = decodeSnapshotFrame(bytes)
    if (frame.type !== 'ask') return
    asked++
    bond.bytes(encodeSnapshotFrame({ ...frame, type: 'part', bytes: new Uint8Array(64).fill(7) }))
  }
  const late = await s.world.node({ retention: { entries: 8 } }, { secretKey: keyBeside(s.evil.id, 'higher') })
  const heal = s.nodes.map(({ endpoint }) => s.world.sim.partition(endpoint, late.endpoint))
  await s.evil.bondWith(s.world, late)
  heal[s.nodes.indexOf(s.leader)]?.()
  await s.world.run(s.world.until(() => late.journal.lines.length === 63, 'it has everything'))
  expect(late.journal.lines).toEqual(s.leader.journal.lines)
  expect(asked).toBeGreaterThan(0)
})
