import { stateMachineSuite } from '@mosaik/raft/testing'
import { describe, it } from 'vitest'
import { LIMITS } from '../src/market/limits.ts'
import { createOrderBook } from '../src/market/order-book.ts'
import type { OrderBook } from '../src/market/order-book.ts'
import type { Query } from '../src/market/queries.ts'
import type { Prng } from '@mosaik/core'
import type { Command } from '../src/market/types.ts'
import { RandomFlow } from './random-flow.ts'

function suite(name: string, create: () => OrderBook): void {
  stateMachineSuite(
    name,
    () => {
      let flow: RandomFlow | undefined
      return {
        create,
        command: (prng: Prng): Command => {
          flow ??= new RandomFlow(prng)
          return flow.instructions(flow.below(6), 10)
        },
        query: (prng: Prng): Query => {
          const pick = <T>(...list: readonly T[]): T => list[prng.uint32() % list.length] as T
          const trader = pick('ann', 'bob', 'nobody')
          const pair = pick('APPLE/EUR', 'PEAR/EUR', 'none')
          return pick<Query>(
            { type: 'top', pair, levels: 1 + (prng.uint32() % 4) },
            { type: 'top', pair },
            { type: 'open', trader },
            { type: 'open', trader, from: prng.uint32() % 20, limit: 3 },
            { type: 'positions', trader },
            { type: 'trader', trader },
            { type: 'totals' },
            { type: 'standing', trader },
            { type: 'fills', from: prng.uint32() % 50, limit: 20 },
          )
        },
      }
    },
    { describe, it },
    { histories: 5 },
  )
}

suite('order book', () => createOrderBook())
// Small enough that everything is full before long.
suite('full order book', () =>
  createOrderBook({ ...LIMITS, traders: 3, pairs: 2, accounts: 5, openOrders: 12, openOrdersOfTrader: 6, fillsKept: 16 }),
)
