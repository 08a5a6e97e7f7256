import { uniqueId } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { History } from '../../src/logic/history.ts'

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((name) => uniqueId(name)) as [
  ReturnType<typeof uniqueId>,
  ReturnType<typeof uniqueId>,
  ReturnType<typeof uniqueId>,
  ReturnType<typeof uniqueId>,
]

describe('a version', () => {
  it('of the own history is reached by number', () => {
    const history = new History()
    history.entered(A)
    const here = { lineage: A, index: 5 }
    expect([4, 5, 6].map((index) => history.compare({ lineage: A, index }, here))).toEqual(['reached', 'reached', 'ahead'])
  })

  it('from before the first write is reached everywhere', () => {
    expect(new History().compare({ lineage: uniqueId('0'.repeat(64)), index: 0 }, { lineage: undefined, index: 0 })).toBe('reached')
  })

  it('of an ancestor counts up to the fork, and up to the lowest of several', () => {
    const history = new History()
    history.entered(A)
    history.entered(B, A, 10)
    history.entered(C, B, 7)
    const here = { lineage: C, index: 20 }
    const compare = (lineage: typeof A, index: number): string => history.compare({ lineage, index }, here)
    expect([compare(B, 7), compare(B, 8), compare(A, 7), compare(A, 8), compare(A, 11)]).toEqual([
      'reached',
      'never',
      'reached',
      'never',
      'never',
    ])
    expect(history.compare({ lineage: A, index: 7 }, { lineage: C, index: 6 })).toBe('ahead')
  })

  it('of a history that has lost never comes; of one never heard of it may', () => {
    const history = new History()
    history.entered(A)
    history.entered(B, A, 10)
    history.entered(D, A, 4)
    const here = { lineage: D, index: 20 }
    expect(history.compare({ lineage: B, index: 1 }, here)).toBe('never')
    expect(history.compare({ lineage: A, index: 4 }, here)).toBe('reached')
    expect(history.compare({ lineage: C, index: 1 }, here)).toBe('ahead')
    expect(history.compare({ lineage: B, index: 1 }, { lineage: undefined, index: 0 })).toBe('ahead')
  })

  it('is judged by the newest lineages only', () => {
    const history = new History()
    history.entered(A)
    for (let i = 0; i < 1_024; i++) history.entered(uniqueId(`later ${i}`))
    expect(history.compare({ lineage: A, index: 1 }, { lineage: uniqueId('later 1023'), index: 1 })).toBe('ahead')
  })
})
