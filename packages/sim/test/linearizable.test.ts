import { describe, expect, it } from 'vitest'
import { isLinearizable } from '../src/groups/history/linearizable.ts'
import type { Operation } from '../src/groups/history/linearizable.ts'

const NEVER = Number.POSITIVE_INFINITY

function write(value: number, calledAt: number, endedAt: number): Operation<number> {
  return { calledAt, endedAt, step: () => value }
}

function read(value: number, calledAt: number, endedAt: number): Operation<number> {
  return { calledAt, endedAt, step: (state) => (state === value ? state : undefined) }
}

function swap(from: number, to: number, calledAt: number, endedAt: number): Operation<number> {
  return { calledAt, endedAt, step: (state) => (state === from ? to : undefined) }
}

const check = (...operations: Operation<number>[]): boolean => isLinearizable(operations, 0, String)

describe('is linearizable', () => {
  it.each<[string, Operation<number>[]]>([
    ['nothing at all', []],
    ['one after another', [write(1, 1, 2), read(1, 3, 4), write(2, 5, 6), read(2, 7, 8)]],
    ['a read beside a write may see either', [write(1, 1, 10), read(0, 2, 3), read(1, 4, 5)]],
    ['what was asked later may come first', [write(1, 1, 10), write(2, 2, 9), read(2, 11, 12)]],
    ['a write without an answer may come late', [write(1, 1, NEVER), read(0, 2, 3), read(0, 4, 5), read(1, 6, 7)]],
    ['swaps in the only order there is', [swap(2, 3, 1, 10), swap(1, 2, 2, 10), swap(0, 1, 3, 10), read(3, 11, 12)]],
  ])('%s', (_, operations) => expect(check(...operations)).toBe(true))
})

describe('is not linearizable', () => {
  it.each<[string, Operation<number>[]]>([
    ['a read of what was overwritten', [write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)]],
    ['a read of what nobody wrote', [write(1, 1, 2), read(7, 3, 4)]],
    ['a lost write', [write(1, 1, 2), read(0, 3, 4)]],
    ['a read that goes back', [write(1, 1, 10), read(1, 2, 3), read(0, 4, 5)]],
    ['two swaps from the same value', [swap(0, 1, 1, 5), swap(0, 2, 2, 6)]],
    ['a write without an answer is seen, and then not', [write(1, 1, NEVER), read(1, 2, 3), read(0, 4, 5)]],
  ])('%s', (_, operations) => expect(check(...operations)).toBe(false))
})

it('agrees with trying all orders', () => {
  const random = (() => {
    let state = 12_345
    return (below: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below
  })()
  let good = 0
  for (let round = 0; round < 400; round++) {
    const operations = Array.from({ length: 5 }, () => {
      const calledAt = random(12)
      const endedAt = calledAt + 1 + random(6)
      const kind = random(3)
      const value = random(3)
      return kind === 0
        ? write(value, calledAt, endedAt)
        : kind === 1
          ? read(value, calledAt, endedAt)
          : swap(value, random(3), calledAt, endedAt)
    })
    const expected = tryAll(operations, 0)
    expect(check(...operations)).toBe(expected)
    if (expected) good += 1
  }
  expect(good).toBeGreaterThan(20)
  expect(good).toBeLessThan(380)
})

/** The same, without any cleverness: whoever comes next was called before all others ended. */
function tryAll(operations: readonly Operation<number>[], state: number): boolean {
  if (operations.length === 0) return true
  const firstEnd = Math.min(...operations.map(({ endedAt }) => endedAt))
  return operations.some((one) => {
    const after = one.calledAt < firstEnd ? one.step(state) : undefined
    return after !== undefined && tryAll(operations.filter((other) => other !== one), after) // prettier-ignore
  })
}

it('judges a thousand operations of eight clients at once', () => {
  const operations: Operation<number>[] = []
  let state = 0
  for (let at = 0; at < 1_000; at++) {
    const isWrite = at % 3 === 0
    if (isWrite) state = at
    operations.push(isWrite ? write(state, at - (at % 4), at + 4) : read(state, at - (at % 3), at + 3))
  }
  expect(check(...operations)).toBe(true)
})
