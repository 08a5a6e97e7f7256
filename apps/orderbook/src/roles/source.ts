import { traderFlow } from '../orders/flow.ts'
import { readOrders } from '../orders/read-orders.ts'
import type { ReadOptions } from '../orders/read-orders.ts'
import type { Instruction } from '../market/types.ts'

/** So many instructions of one trader by the model of the sample, see `traderFlow`. */
export async function* generated(trader: string, seed: string, pairs: readonly string[], count: number): AsyncGenerator<Instruction> {
  if (count === 0) return
  let left = count
  for (const { instruction } of traderFlow({ seed, traders: [trader], pairs }, trader)) {
    yield instruction
    if (--left === 0) return
  }
}

/** Those of a file, of whatever traders it names. */
export async function* fromFile(file: string, options: ReadOptions): AsyncGenerator<Instruction> {
  for await (const { instruction } of readOrders(file, options)) yield instruction
}
