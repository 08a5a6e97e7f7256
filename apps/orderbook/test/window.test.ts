import { describe, expect, it } from 'vitest'
import type { Fill, Instruction } from '../src/market/types.ts'
import { FillLog } from '../src/roles/fill-log.ts'
import type { TraderStanding } from '../src/roles/protocol.ts'
import { Window } from '../src/roles/window.ts'

function cancel(trader: string, sequence: number): Instruction {
  return { type: 'cancel', trader, sequence, order: 1 }
}

function standing(trader: string, expected: number, rejected = 0): TraderStanding {
  return { trader, expected, rejected }
}

/** With these traders known, of whom nothing was taken before. */
function windowFor(size: number, ...traders: readonly string[]): Window {
  const window = new Window(size)
  window.acknowledge(traders.map((trader) => standing(trader, 1)))
  return window
}

describe('a window of what was sent', () => {
  it('gives each instruction once, and after a rewind those again that wait', () => {
    const window = windowFor(4, 'ann')
    for (let i = 1; i <= 4; i++) window.add(cancel('ann', i))
    expect(window.room).toBe(0)
    expect(window.next(3).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(window.acknowledge([standing('ann', 3, 1)])).toBe(2)
    window.rewind()
    expect(window.next(9).map(({ sequence }) => sequence)).toEqual([3, 4])
    expect(window.next(9)).toEqual([])
    expect([window.room, window.acknowledged, window.rejected, window.repeated, window.takenBefore]).toEqual([2, 2, 1, 1, 0])
  })

  it('goes on where it was when others than the first are acknowledged', () => {
    const window = windowFor(8, 'ann', 'bob')
    for (const [trader, sequence] of [
      ['ann', 1],
      ['bob', 1],
      ['ann', 2],
      ['bob', 2],
    ] as const)
      window.add(cancel(trader, sequence))
    window.next(3)
    expect(window.acknowledge([standing('bob', 2)])).toBe(1)
    expect(window.next(9)).toEqual([cancel('bob', 2)])
    expect(window.acknowledge([standing('ann', 3), standing('bob', 3), standing('eve', 7)])).toBe(3)
    expect(window.waiting).toBe(0)
  })

  it('sends nothing of a trader of whom it is not known what was taken, and nothing behind that', () => {
    const window = windowFor(8, 'ann')
    for (const trader of ['ann', 'bob', 'eve', 'ann']) window.add(cancel(trader, trader === 'ann' ? window.waiting + 1 : 1))
    expect(window.next(9)).toEqual([cancel('ann', 1)])
    expect([window.asks(1), window.asks(9), window.asks(9)]).toEqual([['bob'], ['eve'], []])
    window.rewind()
    expect(window.asks(9)).toEqual(['bob', 'eve'])
    window.acknowledge([standing('bob', 1), standing('eve', 1)])
    expect(window.next(9).map(({ trader }) => trader)).toEqual(['ann', 'bob', 'eve', 'ann'])
  })

  it('does not count as acknowledged what had been taken before it was sent', () => {
    const window = new Window(8)
    for (let i = 1; i <= 3; i++) window.add(cancel('ann', i))
    expect(window.acknowledge([standing('ann', 6, 2)])).toBe(3)
    for (let i = 4; i <= 6; i++) window.add(cancel('ann', i))
    expect(window.next(9)).toEqual([cancel('ann', 6)])
    window.acknowledge([standing('ann', 7, 3)])
    expect([window.takenBefore, window.acknowledged, window.rejected, window.repeated]).toEqual([5, 1, 1, 0])
  })
})

describe('a log of fills', () => {
  const fills = (from: number, to: number): Fill[] =>
    Array.from({ length: to - from + 1 }, (_, i) => ({ number: from + i, price: 7, quantity: from + i }) as Fill)

  it('sees each once, in whatever pieces they come', () => {
    const log = new FillLog()
    expect(log.take({ fills: fills(1, 3), first: 1, next: 4 }).fresh).toHaveLength(3)
    expect(log.take({ fills: fills(2, 5), first: 1, next: 6 }).fresh).toEqual(fills(4, 5))
    expect([log.seen, log.lots, log.notional, log.repeated, log.isBehind]).toEqual([5, 15n, 105n, 2, false])
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
