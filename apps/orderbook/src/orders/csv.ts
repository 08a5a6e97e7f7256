import { parse } from 'csv-parse/sync'
import { checkInstruction } from '../market/check-instruction.ts'
import type { Instruction } from '../market/types.ts'
import type { Fields } from './fields.ts'
import { MAX_LINE } from './lines.ts'
import type { Line } from './lines.ts'

const COLUMNS = ['trader', 'sequence', 'type', 'pair', 'side', 'price', 'quantity', 'order'] as const
/** The others are text, also where it looks like a number: a trader may be called 1001. */
const NUMBERS: ReadonlySet<string> = new Set(['sequence', 'price', 'quantity', 'order'])
const WHOLE_NUMBER = /^\d{1,16}$/

/**
 * Comma separated values, one instruction in a line, fields quoted or not. The first line names the columns, in any order; those that
 * no instruction has are not looked at.
 */
export async function* csvFields(blocks: AsyncIterable<readonly Line[]>): AsyncGenerator<Fields, void, undefined> {
  let header: readonly string[] | undefined
  for await (const block of blocks) {
    const records = recordsOf(block)
    for (const [i, { number: line }] of block.entries()) {
      const record = records[i] as readonly string[] | Error
      if (header !== undefined) {
        yield { line, fields: record instanceof Error ? record : fieldsOf(header, record) }
        continue
      }
      const fault = headerFault(record)
      if (fault !== undefined) return yield { line, fields: fault, isFatal: true }
      header = record as readonly string[]
    }
  }
  if (header === undefined) yield { line: 1, fields: new Error('it names no columns: there is nothing in the file'), isFatal: true }
}

/** The columns of `csvLine`. */
export const CSV_HEADER: string = COLUMNS.join(',')

/** Throws `ERR_INVALID_ORDER`. */
export function csvLine(instruction: Instruction): string {
  const fields: Partial<Record<string, unknown>> = { ...checkInstruction(instruction) }
  return COLUMNS.map((column) => fields[column] ?? '').join(',')
}

/** Many lines at once are parsed ten times as fast. But a quote that is never closed must spoil no line but its own. */
function recordsOf(block: readonly Line[]): readonly (readonly string[] | Error)[] {
  const texts = block.map(({ text }) => text)
  if (texts.every((text) => text.length <= MAX_LINE)) {
    const records = parsed(texts.join('\n'))
    if (!(records instanceof Error) && records.length === texts.length) return records
  }
  return texts.map(recordOf)
}

function recordOf(text: string): readonly string[] | Error {
  if (text.length > MAX_LINE) return new Error(`it has more than ${MAX_LINE} characters`)
  const records = parsed(text)
  return records instanceof Error ? records : (records[0] ?? [])
}

function parsed(text: string): readonly (readonly string[])[] | Error {
  try {
    return parse(text, { record_delimiter: '\n', trim: true, relax_column_count: true })
  } catch (error) {
    return error as Error
  }
}

function headerFault(record: readonly string[] | Error): Error | undefined {
  if (record instanceof Error) return record
  if (record.some((column) => column.includes('\r')))
    return new Error('lines must end with a line feed, and it has a carriage return within')
  const twice = COLUMNS.find((column) => record.indexOf(column) !== record.lastIndexOf(column))
  if (twice !== undefined) return new Error(`it names the columns, and ${twice} twice`)
  const missing = COLUMNS.filter((column) => column !== 'order' && !record.includes(column))
  return missing.length === 0 ? undefined : new Error(`it names the columns, and among them must be ${missing.join(', ')}`)
}

function fieldsOf(header: readonly string[], record: readonly string[]): Fields['fields'] {
  if (record.length !== header.length) return new Error(`it has ${record.length} fields, and the first line ${header.length}`)
  return Object.fromEntries(header.map((column, i) => [column, valueOf(column, record[i] as string)]))
}

function valueOf(column: string, text: string): string | number | undefined {
  if (text === '') return undefined
  return NUMBERS.has(column) && WHOLE_NUMBER.test(text) ? Number(text) : text
}
