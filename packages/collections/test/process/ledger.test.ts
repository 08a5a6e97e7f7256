import { expect, it } from 'vitest'
import { mapTwin, vecTwin } from '../machines/twins.ts'
import { Ledger } from './ledger.ts'

const vec = { twin: vecTwin, isOrdered: true }

it('is content with what is as it must be', () => {
  const ledger = new Ledger(vec)
  ledger.given('a', 1, ['pushBack', 'x'])
  ledger.given('a', 2, ['pushBack', 'y'])
  ledger.given('b', 1, ['popFront'])
  ledger.given('b', 2, ['pushBack', 'z'])
  ledger.given('b', 3, ['clear'])
  ledger.seen(3, ['pushBack', 'x'], 1)
  ledger.acknowledged('a', 1, 3, 1)
  ledger.acknowledged('a', 2, 4, 2)
  ledger.seen(4, ['pushBack', 'y'], 2)
  ledger.seen(6, ['popFront'], 'x')
  ledger.failed('b', 1, 'ERR_UNKNOWN')
  ledger.failed('b', 3, 'ERR_OFFLINE')
  ledger.gone('b')
  ledger.close(['y'])
  expect(ledger.problems).toEqual([])
  expect(ledger.counts).toEqual({ acknowledged: 2, unknown: 2, applied: 1, refused: 1 })
})

it.each<[string, (ledger: Ledger) => void, RegExp]>([
  ['lost', (ledger) => ledger.acknowledged('a', 1, 3, 1), /acknowledged at 3 and lost/],
  [
    'acknowledged at another index',
    (ledger) => {
      ledger.seen(3, ['pushBack', 'x'], 1)
      ledger.acknowledged('a', 1, 2, 1)
    },
    /acknowledged at 2, where it is not/,
  ],
  [
    'applied twice',
    (ledger) => {
      ledger.seen(3, ['pushBack', 'x'], 1)
      ledger.acknowledged('a', 1, 3, 1)
      ledger.seen(4, ['pushBack', 'x'], 2)
    },
    /at 4, though nobody/,
  ],
  [
    'applied, though nothing was sent',
    (ledger) => {
      ledger.failed('a', 1, 'ERR_OFFLINE')
      ledger.seen(3, ['pushBack', 'x'], 1)
    },
    /at 3, though nobody/,
  ],
  ['told nothing of', () => {}, /told nothing of 1/],
  ['told twice of', (ledger) => [1, 2].forEach(() => ledger.failed('a', 1, 'ERR_UNKNOWN')), /told twice/],
  ['ended in another way', (ledger) => ledger.failed('a', 1, 'ERR_SUPERSEDED'), /ended with ERR_SUPERSEDED/],
  [
    'answered wrongly',
    (ledger) => {
      ledger.seen(3, ['pushBack', 'x'], 7)
      ledger.acknowledged('a', 1, 3, 7)
    },
    /answers number 7 instead of number 1/,
  ],
  [
    'answered otherwise than the reader has seen',
    (ledger) => {
      ledger.acknowledged('a', 1, 3, 7)
      ledger.seen(3, ['pushBack', 'x'], 1)
    },
    /with number 7, and there is .* with number 1/,
  ],
  [
    'overtaken',
    (ledger) => {
      ledger.given('a', 2, ['popBack'])
      ledger.seen(3, ['popBack'], undefined)
      ledger.seen(4, ['pushBack', 'x'], 1)
      ledger.acknowledged('a', 2, 3, undefined)
      ledger.acknowledged('a', 1, 4, 1)
    },
    /gave 1 before 2, and they are at 4 and 3/,
  ],
  ['missed by the reader', (ledger) => ledger.missed(9), /missed what was written from 0 to 9/],
  [
    'there no more',
    (ledger) => {
      ledger.seen(3, ['pushBack', 'x'], 1)
      ledger.seen(4, ['clear'], 1)
      ledger.acknowledged('a', 1, 3, 1)
    },
    /there is string "x" instead of $/,
  ],
])('notices a write that is %s', (_, tell, problem) => {
  const ledger = new Ledger(vec)
  ledger.given('a', 1, ['pushBack', 'x'])
  tell(ledger)
  ledger.close(['x'])
  expect(ledger.problems.join('\n')).toMatch(new RegExp(problem, 'm'))
})

it('says how many problems it has not told', () => {
  const ledger = new Ledger(vec)
  for (let number = 1; number <= 25; number++) ledger.failed('a', number, 'ERR_OFFLINE')
  expect(ledger.problems).toHaveLength(21)
  expect(ledger.problems.at(-1)).toBe('and 5 more')
})

it('takes a map in any order', () => {
  const ledger = new Ledger({ twin: mapTwin, isOrdered: false })
  ledger.given('a', 1, ['extend', [['x', '1'], ['y', '2']]]) // prettier-ignore
  ledger.acknowledged('a', 1, 3, 2)
  ledger.seen(3, ['extend', [['x', '1'], ['y', '2']]], 2) // prettier-ignore
  ledger.close([['y', '2'], ['x', '1']]) // prettier-ignore
  expect(ledger.problems).toEqual([])
})
