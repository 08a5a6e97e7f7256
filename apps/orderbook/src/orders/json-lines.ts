import type { Fields } from './fields.ts'
import { MAX_LINE } from './lines.ts'
import type { Line } from './lines.ts'

/** An object in each line, with the fields of an instruction; others are not looked at. */
export async function* jsonFields(blocks: AsyncIterable<readonly Line[]>): AsyncGenerator<Fields, void, undefined> {
  for await (const block of blocks) for (const { number, text } of block) yield { line: number, fields: objectOf(text) }
}

function objectOf(text: string): Fields['fields'] {
  if (text.length > MAX_LINE) return new Error(`it has more than ${MAX_LINE} characters`)
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : new Error('it is no object')
  } catch (error) {
    return error as Error
  }
}
