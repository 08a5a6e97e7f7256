import { expect, it } from 'vitest'
import type { Fields } from '../src/demo/child.ts'
import { brokenSums } from '../src/demo/summary.ts'
import type { Outcome } from '../src/demo/summary.ts'

const trader: Fields = { sent: 10, acknowledged: 10, rejected: 1, repeated: 3 }
const state: Fields = {
  instructions: 20, orders: 15, ordersOpen: 4, ordersFilled: 8, ordersCancelled: 3, rejected: 2, fills: 9, lotsBought: '40', notional: '400', digest: 'a', broken: [],
} // prettier-ignore
const observer: Fields = { fills: 9, lots: '40', notional: '400', lost: 0 }
const right: Outcome = { traders: [trader, trader], matchers: [state, state, state], observer }

it('finds nothing where everything adds up', () => {
  expect(brokenSums(right)).toEqual([])
})

it.each<[string, Partial<Outcome>]>([
  ['different states', { matchers: [state, { ...state, digest: 'b' }] }],
  ['0 different states', { matchers: [] }],
  ['1 different states', { matchers: [{ ...state, digest: undefined }] }],
  ['told of 3 rejected, 2 were', { traders: [trader, { ...trader, rejected: 2 }] }],
  ['39 lots on the stream, 40, 40', { observer: { ...observer, lots: '39' } }],
  ['401 ticks on the stream', { observer: { ...observer, notional: '401' } }],
  ['are broken', { matchers: [{ ...state, broken: ['lots'] }] }],
  ['19 acknowledged', { traders: [trader, { ...trader, acknowledged: 9 }] }],
  ['matchers accepted 20, 19', { matchers: [state, { ...state, instructions: 19 }] }],
  ['20 accepted, but', { matchers: [{ ...state, rejected: 1 }] }],
  ['15 orders, but', { matchers: [{ ...state, ordersOpen: 5 }] }],
  ['8 fills on the stream', { observer: { ...observer, fills: 8 } }],
  ['nothing was filled', { matchers: [{ ...state, fills: 0 }], observer: { ...observer, fills: 0 } }],
  ['1 fills were lost', { observer: { ...observer, lost: 1 } }],
])('says what does not: %s', (words, wrong) => {
  expect(brokenSums({ ...right, ...wrong }).join('\n')).toContain(words)
})
