import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Entry, EntryData } from '../../src/logic/entry.ts'
import { hashAfter } from '../../src/logic/hash.ts'
import { Log } from '../../src/logic/log.ts'
import { voterTarget } from '../../src/logic/membership.ts'
import { prevails } from '../../src/logic/meeting.ts'
import { Progress } from '../../src/logic/progress.ts'
import { majorityIndex, poll } from '../../src/logic/quorum.ts'
import { MAX_OUTCOMES, MAX_SESSION_OUTCOMES, Sessions } from '../../src/logic/sessions.ts'
import type { LineageId } from '../../src/logic/types.ts'
import { commandOf } from './cluster.ts'

const index = fc.nat({ max: 40 })

test('majorityIndex is the highest index that more than half have', () => {
  fc.assert(
    fc.property(fc.array(index, { minLength: 1, maxLength: 9 }), (matches) => {
      const counts = (at: number): boolean => matches.filter((match) => match >= at).length > matches.length / 2
      let highest = 0
      for (let at = 0; at <= 40; at++) if (counts(at)) highest = at
      expect(majorityIndex([...matches])).toBe(highest)
    }),
  )
})

test('nobody is elected by no voters', () => {
  expect(poll(0, 0, 0)).toBe('lost')
})

test('a poll is won by a majority of all voters, lost when that is out of reach, and open otherwise', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('granted', 'denied', 'abstained', 'silent'), { minLength: 1, maxLength: 9 }), (votes) => {
      const granted = votes.filter((vote) => vote === 'granted').length
      const denied = votes.filter((vote) => vote === 'denied').length
      const possible = votes.length - denied
      const expected = granted > votes.length / 2 ? 'won' : possible > votes.length / 2 ? 'open' : 'lost'
      expect(poll(votes.length, granted, denied)).toBe(expected)
    }),
  )
})

test('voters are odd from three on, never more than maxVoters or than there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9 }), (eligible, maxVoters) => {
      const target = voterTarget(eligible, maxVoters)
      expect(target).toBeLessThanOrEqual(Math.min(eligible, maxVoters))
      expect(target).toBeGreaterThanOrEqual(Math.min(eligible, maxVoters) - 1)
      expect(target <= 2 || target % 2 === 1).toBe(true)
    }),
  )
})

/** A log as a plain list. */
class PlainLog {
  entries: Entry[] = []
  base = 0
  baseTerm = 0
  baseHash = 0

  hashAt(at: number): number {
    return this.entries.filter((entry) => entry.index <= at).reduce(hashAfter, this.baseHash)
  }
}

type Operation =
  | { readonly do: 'append'; readonly term: number; readonly voters: boolean }
  | { readonly do: 'truncate' | 'prune'; readonly at: number }

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), term: fc.nat({ max: 2 }), voters: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncate' as const), at: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), at: fc.nat({ max: 20 }) }) },
)

function dataOf(at: number, voters: boolean): EntryData {
  return voters ? { kind: 'configuration', configuration: { voters: [] } } : commandOf('x'.repeat(at % 7))
}

function perform(log: Log, plain: PlainLog, step: Operation): void {
  if (step.do === 'append') {
    const entry: Entry = { index: log.lastIndex + 1, term: log.lastTerm + step.term, data: dataOf(log.lastIndex, step.voters) }
    log.append(entry)
    plain.entries.push(entry)
    return
  }
  const at = plain.base + 1 + (step.at % (plain.entries.length + 1))
  if (step.do === 'truncate') {
    log.truncate(at)
    plain.entries = plain.entries.filter((entry) => entry.index < at)
    return
  }
  const upTo = Math.min(at, log.lastIndex)
  const hash = plain.hashAt(upTo)
  plain.baseTerm = plain.entries.find((entry) => entry.index === upTo)?.term ?? plain.baseTerm
  log.prune(upTo)
  plain.entries = plain.entries.filter((entry) => entry.index > upTo)
  plain.base = Math.max(plain.base, upTo)
  plain.baseHash = hash
}

test('the log is a list with a boundary, whatever is appended, cut and pruned', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), fc.nat({ max: 400 }), fc.integer({ min: 1, max: 6 }), (steps, bytes, count) => {
      const log = new Log()
      const plain = new PlainLog()
      for (const step of steps) perform(log, plain, step)
      expect(log.slice(log.first, log.lastIndex)).toEqual(plain.entries)
      expect(log.base.index).toBe(plain.base)
      expect(log.termAt(plain.base)).toBe(plain.baseTerm)
      expect(log.termAt(log.lastIndex + 1)).toBeUndefined()
      expect(log.termAt(plain.base - 1)).toBeUndefined()
      for (const entry of plain.entries) expect(log.hashAt(entry.index)).toBe(plain.hashAt(entry.index))
      const newest = plain.entries.findLast((entry) => entry.data.kind === 'configuration')
      if (newest !== undefined) expect(log.configurationIndex).toBe(newest.index)
      else expect(log.configurationIndex).toBeLessThanOrEqual(plain.base)
      if (plain.entries.length === 0) return
      const end = log.frameEnd(log.first, count, bytes)
      expect(end).toBeGreaterThanOrEqual(log.first)
      expect(end - log.first + 1).toBeLessThanOrEqual(count)
      if (end > log.first) expect(log.bytesBetween(log.base.index, end)).toBeLessThanOrEqual(bytes)
      if (end < log.lastIndex && end - log.first + 1 < count) expect(log.bytesBetween(log.base.index, end + 1)).toBeGreaterThan(bytes)
    }),
  )
})

test('a hint is the highest position whose term is not above', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 }), { maxLength: 20 }), fc.nat({ max: 25 }), fc.nat({ max: 12 }), (steps, at, term) => {
      const log = new Log()
      for (const step of steps) log.append({ index: log.lastIndex + 1, term: log.lastTerm + step, data: { kind: 'no-op' } })
      let expected = 0
      for (let each = 1; each <= Math.min(at, log.lastIndex); each++) if ((log.termAt(each) ?? 0) <= term) expected = each
      expect(log.candidateFor(at, term).index).toBe(expected)
    }),
  )
})

test('progress keeps match < next and at most a window in flight, whatever the follower answers', () => {
  const answer = fc.oneof(
    fc.record({ type: fc.constantFrom('sent' as const, 'matched' as const), at: index }),
    fc.record({ type: fc.constant('refused' as const), at: index, hint: index }),
    fc.record({ type: fc.constantFrom('resume' as const, 'restart' as const, 'offered' as const), at: index }),
  )
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 60 }), (answers) => {
      const progress = new Progress(10, { frames: 3, bytes: 1 << 20, promptMs: 500 })
      let now = 0
      for (const each of answers) {
        const { match } = progress
        if (each.type === 'sent' && !progress.isPaused) progress.sent(Math.max(progress.next, each.at), 100, now)
        else if (each.type === 'matched') progress.matched(each.at, now)
        else if (each.type === 'refused') progress.refused(each.at, each.hint)
        else if (each.type === 'resume') progress.resume((now += 250))
        else if (each.type === 'restart') progress.restart()
        else if (each.type === 'offered') progress.offered(each.at)
        expect(progress.match).toBeGreaterThanOrEqual(match)
        expect(progress.match).toBeLessThan(progress.next)
        expect(progress.inFlight).toBeLessThanOrEqual(3)
      }
    }),
  )
})

test('of two lineages exactly one prevails, whichever side asks', () => {
  const ids = ['a', 'b', 'c'] as unknown as LineageId[]
  const facts = fc.record({
    id: fc.constantFrom(...ids),
    parent: fc.constantFrom(...ids),
    commands: fc.nat({ max: 2 }),
    entries: fc.nat({ max: 2 }),
    quorum: fc.constant(true),
  })
  fc.assert(
    fc.property(facts, facts, (a, b) => {
      fc.pre(a.id !== b.id && a.parent !== a.id && b.parent !== b.id && !(a.parent === b.id && b.parent === a.id))
      expect(prevails(a, b)).toBe(!prevails(b, a))
      if (b.parent === a.id) expect(prevails(a, b)).toBe(true)
    }),
  )
})

test('sessions apply every number once, in whatever order and how often it comes', () => {
  const arrival = fc.record({ number: fc.integer({ min: 1, max: 8 }), lowWater: fc.nat({ max: 4 }) })
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 40 }), (arrivals) => {
      const sessions = new Sessions()
      sessions.open('s', 1)
      const applied = new Map<number, number>()
      let lowest = 0
      arrivals.forEach(({ number, lowWater }, i) => {
        const admission = sessions.admit('s', number)
        if (applied.has(number)) {
          expect(admission).not.toBe('new')
          const first = { outcome: { index: applied.get(number), replies: [number] } }
          if (number >= lowest) expect(admission).toEqual(first)
        } else if (number >= lowest) expect(admission).toBe('new')
        if (admission !== 'new') return
        applied.set(number, i)
        // A member raises the mark only over numbers whose replies it has.
        const mark = [...Array(lowWater).keys()].every((below) => below === 0 || applied.has(below)) ? lowWater : 0
        lowest = Math.max(lowest, mark)
        sessions.settle('s', number, mark, { index: i, replies: [number] })
      })
      const copy = new Sessions()
      copy.restore(sessions.store())
      expect(copy.store()).toEqual(sessions.store())
    }),
  )
})

test('a session that asks for too much to be remembered is forgotten, and only that one', () => {
  const sessions = new Sessions()
  sessions.open('good', 1)
  sessions.open('greedy', 2)
  sessions.settle('good', 1, 0, { index: 3, replies: [] })
  let forgotten: string | undefined
  let number = 0
  while (forgotten === undefined) forgotten = sessions.settle('greedy', ++number, 0, { index: 3 + number, replies: [] })
  expect([forgotten, number]).toEqual(['greedy', MAX_SESSION_OUTCOMES + 1])
  expect(sessions.admit('greedy', number)).toBe('unknown')
  expect(sessions.admit('good', 1)).toEqual({ outcome: { index: 3, replies: [] } })
})

test('when all sessions together ask for too much, the one that has been silent longest is forgotten', () => {
  const sessions = new Sessions()
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) sessions.open(name, 1)
  const forgotten: string[] = []
  let index = 1
  for (const name of ['b', 'a', 'c', 'd', 'e']) {
    for (let number = 1; number <= MAX_SESSION_OUTCOMES; number++) {
      const silent = sessions.settle(name, number, 0, { index: ++index, replies: [] })
      if (silent !== undefined) forgotten.push(silent)
    }
  }
  // What is replicated is decided alike by whoever begins with a snapshot.
  expect(forgotten).toEqual(['b'])
  expect(sessions.store().reduce((sum, { outcomes }) => sum + outcomes.length, 0)).toBe(MAX_OUTCOMES)
})

test('a session that is not open applies nothing', () => {
  const sessions = new Sessions()
  expect(sessions.admit('s', 1)).toBe('unknown')
  sessions.open('s', 1)
  sessions.expire('s')
  expect(sessions.admit('s', 1)).toBe('unknown')
})
