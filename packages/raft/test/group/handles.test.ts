import { describe, expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import type { JoinOptions, StateMachine } from '../../src/types.ts'
import { GroupWorld, Journal, outcome } from './world.ts'
import type { JournalGroup, Node } from './world.ts'

const KEY = groupKey('journal')
const refuses = (code: string, message: RegExp): unknown => expect.objectContaining({ code, message: expect.stringMatching(message) })

function join(node: Node, options: Partial<JoinOptions> = {}): JournalGroup {
  return node.groups.join({ key: KEY, consensus: 'fast', machine: new Journal(), ...options })
}

function standingOf(node: Node, of: Node): string | undefined {
  return node.group.members.value.find(({ peerId }) => peerId === of.id)?.standing
}

describe('handles of one node and their preferences', () => {
  it('a reader and a writer make one writer, whoever comes first, and it stays one when the writer leaves', async () => {
    await using world = new GroupWorld('preferences')
    const [voter] = (await world.cluster(1)) as [Node]
    const reader = await world.node({ preference: 'observer' })
    await world.run(reader.group.when.online())
    await world.run(voter.group.members.until((members) => members.length === 2))
    expect(standingOf(voter, reader)).toBe('observer')
    const writer = join(reader)
    await world.run(voter.group.members.until((members) => members.every(({ standing }) => standing === 'voter')))
    await world.run(writer.close())
    await world.run(world.pass(5_000))
    expect([standingOf(voter, reader), standingOf(reader, reader)]).toEqual(['voter', 'voter'])
    const again = join(reader, { preference: 'observer' }) // eligibility only rises
    await world.run(voter.group.transferLeadership(reader.id))
    expect(await world.run(again.execute('led by who began as a reader'))).toMatchObject({ reply: 1 })
  })

  it('risen observers found a group that nobody else would', async () => {
    await using world = new GroupWorld('risen')
    const [a, b] = [await world.node({ preference: 'observer' }), await world.node({ preference: 'observer' })]
    await world.run(world.pass(10_000))
    expect([a.group.isOnline, a.group.bonds.value]).toEqual([false, []])
    const risen = join(a, { preference: { reluctant: 2 } })
    expect(await world.run(risen.execute('one'))).toMatchObject({ reply: 1 })
    await world.run(b.group.position.until(({ index }) => index >= risen.committed.value))
    expect(b.journal.lines).toEqual(['one'])
  })

  it('who comes back as a new member comes back with the preference that it has risen to', async () => {
    await using world = new GroupWorld('back')
    const [a] = (await world.cluster(1)) as [Node]
    const b = await world.node({ preference: 'observer' })
    await world.run(b.group.when.online())
    join(b)
    await world.run(a.group.members.until((members) => members.every(({ standing }) => standing === 'voter')))
    await world.run(world.settled([a, b], 2))
    world.sim.partition(b.endpoint)
    await world.run(a.group.execute('a', { timeout: '60s' })) // two lineages after a while
    await world.run(b.group.execute('b', { timeout: '60s' }))
    world.sim.heal()
    await world.run(world.settled([a, b], 2))
    expect([standingOf(a, b), standingOf(a, a)]).toEqual(['voter', 'voter'])
  })
})

describe('a further handle', () => {
  it('may name what the first one has given, or nothing; anything else is refused and changes nothing', async () => {
    await using world = new GroupWorld('further')
    const storage = memoryLog()
    const node = await world.node({ storage, retention: { entries: 100 }, resubmit: true })
    for (const same of [{}, { storage }, { retention: { entries: 100 } }, { resubmit: true }, { preference: 'observer' } as const]) {
      expect(join(node, same).id).toBe(node.group.id)
    }
    const other: readonly (readonly [Partial<JoinOptions>, RegExp])[] = [
      [{ storage: memoryLog() }, /^storage is not what the first handle/],
      [{ retention: { entries: 101 } }, /^retention\.entries/],
      [{ retention: { bytes: 1_000 } }, /^retention\.bytes/],
      [{ resubmit: false }, /^resubmit/],
      [{ consensus: { preset: 'fast', forwardTimeout: '3s' } }, /^consensus\.forwardTimeout/],
      [{ consensus: { preset: 'fast', queryTimeout: '3s' } }, /^consensus\.queryTimeout/],
      [{ preference: { reluctant: 0 } }, /^preference\.reluctant/],
    ]
    for (const [options, message] of other) expect(() => join(node, options)).toThrow(refuses('ERR_INVALID_OPTION', message))
    expect(await world.run(node.group.execute('fine'))).toMatchObject({ reply: 1 })
    const { group } = node
    await world.run(group.close())
    expect(group.isOnline).toBe(true) // the other handles are open still
  })

  it('with a machine of another constructor, with other codecs, or with items instead of one value is a mismatch', async () => {
    await using world = new GroupWorld('machines')
    const node = await world.node()
    const counter = (codecs?: StateMachine<string, null, number, number, number>['codecs']): StateMachine<string, null, number, number, number> => ({
      name: 'counter', ...(codecs !== undefined && { codecs }), apply: () => 1, query: () => 1, snapshot: () => 1, install: () => {},
    }) // prettier-ignore
    const raw = { encode: (text: string) => new TextEncoder().encode(text), decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes) }
    const options = { key: KEY, consensus: 'fast' } as const
    const first = node.groups.join({ ...options, machine: counter() })
    expect(node.groups.join({ ...options, machine: counter({}) }).id).toBe(first.id)
    const { snapshot: _, install: __, ...rest } = counter()
    const keyed = { ...rest, source: () => ({ count: 0, items: () => [] }), receiver: () => ({ add: () => {}, commit: () => {} }) }
    class Counter {
      readonly name = 'counter'
      apply = (): number => 1
      query = (): number => 1
      snapshot = (): number => 1
      install = (): void => {}
    }
    for (const machine of [counter({ command: raw }), keyed, new Counter()]) {
      expect(() => node.groups.join({ ...options, machine: machine as never })).toThrow(refuses('ERR_MACHINE_MISMATCH', /'counter'/))
    }
  })
})

describe('handing over leadership', () => {
  it('to an observer is refused at once, to somebody unknown or without a vote when the time is over', async () => {
    await using world = new GroupWorld('hand over')
    const [a] = (await world.voters(3)) as [Node]
    const learner = await world.node() // three vote, and four would be even
    const observer = await world.node({ preference: 'observer' })
    await world.run(a.group.members.until((members) => members.length === 5))
    const before = world.sim.now
    await expect(a.group.transferLeadership(observer.id)).rejects.toThrow(refuses('ERR_INVALID_OPTION', /observes this group/))
    expect(world.sim.now).toBe(before)
    const stranger = (await world.sim.endpoint('groups')).id
    const fails = async (node: Node, to: typeof stranger): Promise<string> =>
      node.group.transferLeadership(to).then(
        () => 'done',
        (error: Error) => error.message,
      )
    const texts = await world.run(Promise.all([fails(a, learner.id), fails(observer, learner.id), fails(a, stranger)]))
    expect(texts.map((text) => /: (.*)$/.exec(text)?.[1])).toEqual([
      'it has not been given a vote',
      'it has not been given a vote',
      'it is not here',
    ])
  })
})

describe('what waits', () => {
  /** One wait of each kind, none of which comes to an end by itself. */
  const waitsOf = ({ group }: { readonly group: JournalGroup }, stranger: Node): Promise<unknown>[] => [
    group.when.offline(),
    group.when.leaderChanged(),
    group.when.leaderIs(stranger.id),
    group.when.isFollower(),
    group.when.committed(1_000_000),
    group.when.offline({ signal: new AbortController().signal }),
  ]
  const watchesOf = ({ group }: { readonly group: JournalGroup }): Promise<unknown>[] => [
    group.committed.until(() => false),
    group.position.until(() => false),
    group.members.until(() => false),
    group.bonds.until(() => false),
  ]
  const codes = async (waits: readonly Promise<unknown>[]): Promise<ReadonlySet<string>> => new Set(await Promise.all(waits.map(outcome)))

  it('on a handle ends when that is closed, and on the group when the last one is, or when it fails', async () => {
    await using world = new GroupWorld('waits')
    const [node] = (await world.cluster(1)) as [Node]
    const [stranger] = [await world.node({ key: groupKey('another') })]
    const second = join(node)
    const third = join(node)
    const [onSecond, onThird, onGroup] = [waitsOf({ group: second }, stranger), waitsOf({ group: third }, stranger), watchesOf(node)]
    const ended = codes(onSecond)
    await world.run(second.close())
    expect(await ended).toEqual(new Set(['ERR_CLOSED']))
    expect(await codes([second.when.online(), second.execute('x'), second.query('size')])).toEqual(new Set(['ERR_CLOSED']))
    let over = 0
    for (const wait of [...onThird, ...onGroup]) wait.catch(() => over++)
    await world.run(third.execute('goes on'))
    expect(over).toBe(0)
    const events = (async () => {
      for await (const _ of third.events());
    })()
    const failed = codes([...onThird, ...onGroup, third.execute('poison'), ...waitsOf({ group: node.group }, stranger)])
    expect(await world.run(failed)).toEqual(new Set(['ERR_GROUP_FAILED']))
    await events
    expect(await codes([third.when.online(), third.when.isLeader(), third.feed('x')])).toEqual(new Set(['ERR_GROUP_FAILED']))
    expect([third.leader, third.isLeader, third.isOnline]).toEqual([undefined, false, false])
    await world.run(Promise.all([third.close(), node.group.close(), node.group.close()]))
    const again = join(node)
    const last = codes([again.when.leaderChanged(), again.when.committed(1_000), ...watchesOf({ group: again })])
    await world.run(again.close())
    expect(await last).toEqual(new Set(['ERR_CLOSED']))
  })
})
