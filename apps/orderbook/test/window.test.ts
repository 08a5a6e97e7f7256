import { describe, expect, it } from 'vitest'
import type { Fill, Instruction } from '../src/market/types.ts'
import { FillLog } from '../src/roles/fill-log.ts'
import { Window } from '../src/roles/window.ts'

function cancel(trader: string, sequence: number): Instruction {
  return { type: 'cancel', trader, sequence, order: 1 }
}

describe('a window of what was sent', () => {
  it('gives each instruction once, and after a rewind those again that wait', () => {
    const window = new Window(4)
    for (let i = 1; i <= 4; i++) window.add(cancel('ann', i))
    expect(window.room).toBe(0)
    expect(window.next(3).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(window.acknowledge([['ann', 3]])).toBe(2)
    window.rewind()
    expect(window.next(9).map(({ sequence }) => sequence)).toEqual([3, 4])
    expect(window.next(9)).toEqual([])
    expect([window.room, window.acknowledged, window.repeated]).toEqual([2, 2, 1])
  })

  it('goes on where it was when others than the first are acknowledged', () => {
    const window = new Window(8)
    for (const [trader, sequence] of [
      ['ann', 1],
      ['bob', 1],
      ['ann', 2],
      ['bob', 2],
    ] as const)
      window.add(cancel(trader, sequence))
    window.next(3)
    expect(window.acknowledge([['bob', 2]])).toBe(1)
    expect(window.next(9)).toEqual([cancel('bob', 2)])
    expect(window.acknowledge([['ann', 3], ['bob', 3], ['eve', 7]])).toBe(3) // prettier-ignore
    expect(window.waiting).toBe(0)
  })

  it('lets go of what was taken before it was sent', () => {
    const window = new Window(8)
    for (let i = 1; i <= 3; i++) window.add(cancel('ann', i))
    expect(window.acknowledge([['ann', 3]])).toBe(2)
    expect(window.next(9)).toEqual([cancel('ann', 3)])
    expect(window.repeated).toBe(0)
  })
})

describe('a log of fills', () => {
  const fills = (from: number, to: number): Fill[] => Array.from({ length: to - from + 1 }, (_, i) => ({ number: from + i }) as Fill)

  it('sees each once, in whatever pieces they come', () => {
    const log = new FillLog()
    expect(log.take({ fills: fills(1, 3), first: 1, next: 4 }).fresh).toHaveLength(3)
    expect(log.take({ fills: fills(2, 5), first: 1, next: 6 }).fresh).toEqual(fills(4, 5))
    expect([log.seen, log.repeated, log.isBehind]).toEqual([5, 2, false])
  })

  it('waits for those before, and knows that it is behind', () => {
    const log = new FillLog()
    expect(log.take({ fills: fills(4, 5), first: 1, next: 6 })).toEqual({ fresh: [], lost: 0 })
    expect([log.isBehind, log.next]).toEqual([true, 1])
    expect(log.take({ fills: fills(1, 5), first: 1, next: 6 }).fresh).toHaveLength(5)
    expect(log.take({ fills: [], first: 1, next: 9 }).fresh).toEqual([])
    expect(log.isBehind).toBe(true)
  })

  it('counts what nobody keeps any more', () => {
    const log = new FillLog()
    expect(log.take({ fills: fills(8, 9), first: 8, next: 10 })).toEqual({ fresh: fills(8, 9), lost: 7 })
    expect([log.seen, log.lost, log.next]).toEqual([2, 7, 10])
  })
})
