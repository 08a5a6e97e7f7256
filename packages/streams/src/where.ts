import { canonical, decodeCanonical, MosaikError } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import { compileCriteria, MAX_DEPTH } from './logic/criteria.ts'
import type { Matcher } from './logic/criteria.ts'
import { MAX_CRITERIA_BYTES } from './wire/protocol.ts'

/** Criteria ready to be sent. Two with the same `key` ask for the same. */
export interface Where {
  readonly bytes: Uint8Array
  readonly key: string
}

/** Checks what the application asks for. No criteria and empty ones are the same. Throws `ERR_INVALID_OPTION`. */
export function resolveWhere(where: unknown): Where | undefined {
  if (where === undefined) return undefined
  try {
    const bytes = canonical(withoutUndefined(where) as CanonicalValue)
    readWhere(bytes)
    const key = Buffer.from(bytes).toString('base64')
    return Object.keys(where as object).length === 0 ? undefined : { bytes, key }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MosaikError('ERR_INVALID_OPTION', `where cannot be evaluated at a producer: ${why}`, { cause, value: where })
  }
}

/** The test that a consumer asks for; undefined for everything. Throws `ERR_PROTOCOL` for criteria that are malformed or too large. */
export function readWhere(bytes: Uint8Array): Matcher | undefined {
  if (bytes.length === 0) return undefined
  if (bytes.length > MAX_CRITERIA_BYTES)
    throw new MosaikError('ERR_PROTOCOL', `criteria of ${bytes.length} bytes, at most ${MAX_CRITERIA_BYTES}`)
  return compileCriteria(decodeCanonical(bytes, { depth: MAX_DEPTH + 4 }))
}

/** Fields and bounds that are `undefined` ask for nothing. */
function withoutUndefined(where: unknown): unknown {
  if (!isPlain(where)) return where
  return Object.fromEntries(
    Object.entries(where)
      .filter(([, rule]) => rule !== undefined)
      .map(([field, rule]) => [
        field,
        isPlain(rule) ? Object.fromEntries(Object.entries(rule).filter(([, bound]) => bound !== undefined)) : rule,
      ]),
  )
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
