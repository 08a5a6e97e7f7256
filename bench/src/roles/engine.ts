import type { Instruction } from '@mosaik/orderbook/market/types'
import { createOrderBook } from '@mosaik/orderbook/market/order-book'
import { flow } from '@mosaik/orderbook/orders/flow'
import { SimpleEngine } from '../../../apps/orderbook/test/simple-engine.ts'
import { FLOW } from './market.ts'
import { tell } from './role.ts'

export interface EngineOptions {
  readonly engine: 'simple' | 'machine'
  readonly instructions: number
}

const BATCH = 500

/** One process takes the flow of the market by itself, and says how many instructions a second. */
export function run({ engine, instructions }: EngineOptions): Promise<void> {
  const all = Array.from(flow(FLOW).take(instructions), ({ instruction }) => instruction)
  const take = engine === 'simple' ? simple() : machine()
  const begun = performance.now()
  for (let at = 0; at < all.length; at += BATCH) take(all.slice(at, at + BATCH))
  tell({ type: 'done', rate: (all.length / (performance.now() - begun)) * 1_000 })
  return Promise.resolve()
}

function simple(): (batch: readonly Instruction[]) => void {
  const engine = new SimpleEngine()
  return (batch) => {
    for (const instruction of batch) engine.take(instruction)
  }
}

function machine(): (batch: readonly Instruction[]) => void {
  const book = createOrderBook()
  return (batch) => void book.apply(batch, undefined as never) // the context is not looked at
}
