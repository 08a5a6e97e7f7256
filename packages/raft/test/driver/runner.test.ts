import type { Clock, PeerId } from '@mosaik/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Runner } from '../../src/driver/runner.ts'
import { sizeOf } from '../../src/logic/entry.ts'
import type { Effect } from '../../src/logic/effects.ts'
import type { Event } from '../../src/logic/events.ts'
import type { Proposal } from '../../src/logic/messages.ts'

const TOGETHER = 4_096
const MIB = 1024 * 1024
const memory = new Uint8Array(2 * MIB)

function proposal(id: number, bytes: number): Proposal {
  return { id, data: { kind: 'commands', session: 's', number: id, lowWater: 1, payloads: [memory.subarray(0, bytes)] } }
}

/** What a core is given for what is proposed in one turn, call by call. */
function stepsOf(calls: readonly (readonly Proposal[])[]): (readonly Proposal[])[] {
  const turns: (() => void)[] = []
  const steps: (readonly Proposal[])[] = []
  const step = (event: Event): [] => {
    if (event.type === 'propose') steps.push(event.proposals)
    return []
  }
  const clock = { turn: (task: () => void) => void turns.push(task) } as Clock
  const runner = new Runner({ core: { step }, clock, send: () => {}, perform: () => {}, onFault: (error) => expect(error).toBeUndefined() })
  for (const proposals of calls) runner.propose(proposals)
  expect(steps).toEqual([])
  for (const task of turns) task()
  return steps
}

const bytesOf = (proposals: readonly Proposal[]): number => proposals.reduce((sum, { data }) => sum + sizeOf(data), 0)
const idsOf = (proposals: readonly (readonly Proposal[])[]): number[] => proposals.flat().map(({ id }) => id)

test('what is proposed in a turn is a step, or as few as its bytes allow, in order', () => {
  const size = fc.oneof(fc.nat(100), fc.nat(MIB), fc.integer({ min: MIB - 200, max: 2 * MIB }))
  fc.assert(
    fc.property(fc.array(fc.array(size, { maxLength: 8 }), { maxLength: 8 }), (sizes) => {
      let id = 0
      const calls = sizes.map((call) => call.map((bytes) => proposal(id++, bytes)))
      const steps = stepsOf(calls)
      expect(idsOf(steps)).toEqual(idsOf(calls))
      for (const [i, one] of steps.entries()) {
        const next = steps[i + 1]?.[0]
        expect(one.length === 1 || bytesOf(one) <= MIB).toBe(true)
        if (next !== undefined) expect(bytesOf([...one, next])).toBeGreaterThan(MIB)
      }
    }),
  )
})

test('nor are more together than may be', () => {
  const proposals = Array.from({ length: 2 * TOGETHER + 1 }, (_, i) => proposal(i, 1))
  const steps = stepsOf([proposals.slice(0, 5), proposals.slice(5)])
  expect(steps.map(({ length }) => length)).toEqual([TOGETHER, TOGETHER, 1])
  expect(idsOf(steps)).toEqual(idsOf([proposals]))
})

test('when the leader changes, what waits for its turn goes to the new one behind all that came before it', () => {
  const turns: (() => void)[] = []
  const given: number[] = []
  const clock = { turn: (task: () => void) => void turns.push(task) } as Clock
  const leader: Effect = { type: 'leader', leader: 'b' as PeerId, term: 2 }
  const step = (event: Event): readonly Effect[] => {
    if (event.type === 'propose') given.push(...idsOf([event.proposals]))
    return event.type === 'stored' ? [leader] : []
  }
  const perform = (): void => {
    runner.propose([proposal(3, 1)]) // by somebody who hears of it first
    runner.withdraw()
    runner.propose([proposal(1, 1), proposal(2, 1), proposal(3, 1)])
  }
  const runner = new Runner({ core: { step }, clock, send: () => {}, perform, onFault: (error) => expect(error).toBeUndefined() })
  runner.propose([proposal(1, 1)]) // to the leader before
  runner.stored(1) // stands for what the new one has sent
  runner.propose([proposal(2, 1)])
  for (const task of turns) task()
  expect(given).toEqual([1, 1, 2, 3])
})
