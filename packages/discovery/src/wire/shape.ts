import { MosaikError } from '@mosaik/core'

/** What arrives has no type until these have looked at it. Each throws `ERR_PROTOCOL` naming what is wrong. */
export function malformed(what: string): MosaikError {
  return new MosaikError('ERR_PROTOCOL', `malformed ${what}`)
}

export function asList(value: unknown, what: string, min: number, max: number = min): readonly unknown[] {
  if (!Array.isArray(value) || value.length < min || value.length > max) throw malformed(what)
  return value
}

/** Byte strings, at most `max` long; a multiple of `unit`. */
export function asBytes(value: unknown, what: string, max: number, unit = 1): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length > max || value.length % unit !== 0) throw malformed(what)
  return value
}

/** Byte strings of exactly this length. */
export function asFixed(value: unknown, what: string, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw malformed(what)
  return value
}

/** The largest date that exists. */
const MAX_TIME = 8_640_000_000_000_000

export function asTime(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > MAX_TIME) throw malformed(what)
  return value as number
}

export function asFlag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw malformed(what)
  return value
}
