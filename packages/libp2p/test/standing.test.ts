import { expect, test } from 'vitest'
import { createStanding } from '../src/gossip/standing.ts'

const limits = { rate: 10, burst: 5, halfLife: 1000, peers: 2 }

test('a sender may burst, then speaks at the rate', () => {
  const standing = createStanding(limits)
  expect([1, 2, 3, 4, 5, 6].map(() => standing.allow('a', 0))).toEqual([true, true, true, true, true, false])
  expect(standing.allow('b', 0)).toBe(true)
  expect(standing.allow('a', 100)).toBe(true)
  expect(standing.allow('a', 100)).toBe(false)
  expect([1, 2, 3, 4, 5, 6].map(() => standing.allow('a', 60_000))).toEqual([true, true, true, true, true, false])
})

test('faults add up and fade by half every half-life', () => {
  const standing = createStanding(limits)
  expect(standing.faults('a', 0)).toBe(0)
  standing.fault('a', 4, 0)
  standing.fault('a', 4, 0)
  expect(standing.faults('a', 1000)).toBeCloseTo(4)
  expect(standing.faults('a', 3000)).toBeCloseTo(1)
})

test('it remembers as many peers as it may, the latest ones', () => {
  const standing = createStanding(limits)
  for (const peer of ['a', 'b', 'a', 'c']) standing.fault(peer, 1, 0)
  expect(standing.size).toBe(2)
  expect([standing.faults('a', 0), standing.faults('b', 0), standing.faults('c', 0)]).toEqual([2, 0, 1])
})
