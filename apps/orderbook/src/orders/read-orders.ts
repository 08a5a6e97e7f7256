import { MosaikError } from '@mosaik/core'
import { checkInstruction } from '../market/check-instruction.ts'
import type { Instruction } from '../market/types.ts'
import { csvFields } from './csv.ts'
import type { Fields } from './fields.ts'
import { jsonFields } from './json-lines.ts'
import { linesOf } from './lines.ts'
import { Numbering } from './numbering.ts'
import { textOf } from './text.ts'

/** Of the first line that is no instruction the reading ends (`fail`, the default), or such lines are told and left out. */
export type ReadOptions = { readonly signal?: AbortSignal } & (
  | { readonly onBad?: 'fail' }
  | { readonly onBad: 'skip'; readonly onSkip: (bad: BadLineError) => void }
)

/** A line that is no instruction (`ERR_BAD_LINE`). The message begins with `file:line: `. */
export class BadLineError extends MosaikError {
  readonly file: string
  /** From 1. */
  readonly line: number

  constructor(file: string, line: number, cause: unknown) {
    super('ERR_BAD_LINE', `${file}:${line}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.file = file
    this.line = line
  }
}

/** An instruction with the line that it comes from. */
export interface ReadOrder {
  readonly line: number
  readonly instruction: Instruction
}

/**
 * The instructions of a file, in their order, however large it is: JSON lines when its name ends in `.jsonl`, `.ndjson` or `.json`, else
 * CSV. Sequences are numbered anew for each trader, see `Numbering`. Throws `BadLineError`, also with `skip` for a first line of CSV that
 * does not name the columns, what the file system throws, and `AbortError`. A pipe is read as it is written.
 */
export async function* readOrders(file: string, options: ReadOptions = {}): AsyncGenerator<ReadOrder, void, undefined> {
  const lines = linesOf(textOf(file, options.signal))
  const numbering = new Numbering()
  for await (const found of isJson(file) ? jsonFields(lines) : csvFields(lines)) {
    const instruction = instructionOf(file, found, numbering)
    if (!(instruction instanceof BadLineError)) yield { line: found.line, instruction }
    else if (options.onBad === 'skip' && found.isFatal !== true) options.onSkip(instruction)
    else throw instruction
  }
}

function isJson(file: string): boolean {
  return /\.(?:jsonl|ndjson|json)$/i.test(file)
}

function instructionOf(file: string, { line, fields }: Fields, numbering: Numbering): Instruction | BadLineError {
  try {
    if (fields instanceof Error) throw fields
    return numbering.take(onlyOwn(checkInstruction(fields)))
  } catch (cause) {
    return new BadLineError(file, line, cause)
  }
}

/** Without what a line may have beside it. */
function onlyOwn(instruction: Instruction): Instruction {
  const { type, trader, sequence } = instruction
  if (type === 'cancel') return { type, trader, sequence, order: instruction.order }
  const { pair, side, price, quantity } = instruction
  return { type, trader, sequence, pair, side, price, quantity }
}
