import { MosaikError } from '@mosaik/core'
import type { Instruction } from '../market/types.ts'

/** Numbers of a file that follow each other, and what the first of them has become. */
interface Run {
  readonly from: number
  readonly to: number
  length: number
}

/**
 * Numbers the instructions of each trader anew, 1, 2, 3 …, since the machine takes no sequence after a missing one: a file may have
 * gaps, and a line that was skipped leaves one. The same file always gets the same numbers. Remembers each trader and each gap.
 */
export class Numbering {
  readonly #traders = new Map<string, { taken: number; readonly runs: Run[] }>()

  /** Throws `ERR_INVALID_ORDER` for a sequence that is not above the last one, and for a cancel of what was not in the file. */
  take(instruction: Instruction): Instruction {
    const trader = this.#traders.get(instruction.trader) ?? { taken: 0, runs: [] }
    const last = trader.runs.at(-1)
    const next = last === undefined ? 1 : last.from + last.length
    if (instruction.sequence < next)
      throw invalid(`sequence is ${instruction.sequence}; this trader has had ${next - 1}, and it must be above`)
    const order = instruction.type === 'cancel' ? renumbered(trader.runs, instruction.order) : undefined
    const sequence = ++trader.taken
    if (last !== undefined && instruction.sequence === next) last.length++
    else trader.runs.push({ from: instruction.sequence, to: sequence, length: 1 })
    this.#traders.set(instruction.trader, trader)
    return order === undefined ? { ...instruction, sequence } : ({ ...instruction, sequence, order } as Instruction)
  }
}

function renumbered(runs: readonly Run[], sequence: number): number {
  const run = runs.findLast(({ from }) => from <= sequence)
  if (run === undefined || sequence >= run.from + run.length)
    throw invalid(`order is ${sequence}; no earlier line of this trader has this sequence`)
  return run.to + sequence - run.from
}

function invalid(message: string): MosaikError {
  return new MosaikError('ERR_INVALID_ORDER', message)
}
