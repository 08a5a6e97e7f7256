import { isPeerId, isUniqueId, MosaikError } from '@mosaik/core'
import type { CanonicalValue, PeerId, UniqueId } from '@mosaik/core'

/** Looks at a value that came from outside and answers it with its type, or throws `ERR_PROTOCOL` naming what is wrong. */
export interface Shape<T> {
  (value: unknown, what: string): T
  /** The field may be absent. */
  readonly isOptional?: true
}

const MAX_TEXT = 256
const LIFE = /^[0-9a-f]{16}$/

export function malformed(what: string): MosaikError {
  return new MosaikError('ERR_PROTOCOL', `malformed ${what}`)
}

export const count: Shape<number> = (value, what) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed(what)
  return value as number
}

export const flag: Shape<boolean> = (value, what) => {
  if (typeof value !== 'boolean') throw malformed(what)
  return value
}

export const text: Shape<string> = (value, what) => {
  if (typeof value !== 'string' || value.length > MAX_TEXT) throw malformed(what)
  return value
}

export const uniqueIdShape: Shape<UniqueId> = (value, what) => {
  if (typeof value !== 'string' || !isUniqueId(value)) throw malformed(what)
  return value
}

export const peerIdShape: Shape<PeerId> = (value, what) => {
  if (typeof value !== 'string' || !isPeerId(value)) throw malformed(what)
  return value
}

/** 16 hex digits. */
export const life: Shape<string> = (value, what) => {
  if (typeof value !== 'string' || !LIFE.test(value)) throw malformed(what)
  return value
}

export function oneOf<T>(...allowed: readonly T[]): Shape<T> {
  return (value, what) => {
    if (!allowed.includes(value as T)) throw malformed(what)
    return value as T
  }
}

/** `undefined` travels as null. */
export function maybe<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, what) => (value === null ? undefined : shape(value, what))
}

export function optional<T>(shape: Shape<T>): Shape<T> {
  return Object.assign((value: unknown, what: string) => shape(value, what), { isOptional: true as const })
}

export function listOf<T>(shape: Shape<T>, max: number): Shape<readonly T[]> {
  return (value, what) => {
    if (!Array.isArray(value) || value.length > max) throw malformed(what)
    return value.map((item, i) => shape(item, `${what}[${i}]`))
  }
}

type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> }

/** These fields and no others. */
export function record<T extends object>(fields: Fields<T>): Shape<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  return (value, what) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) throw malformed(what)
    const from = value as Record<string, unknown>
    const result: Record<string, unknown> = {}
    let found = 0
    for (const name of names) {
      if (Object.hasOwn(from, name)) {
        result[name] = fields[name](from[name], `${what}.${name}`)
        found++
      } else if (fields[name].isOptional !== true) throw malformed(`${what}: no ${name}`)
    }
    if (Object.keys(from).length !== found) throw malformed(`${what}: a field too many`)
    return result as T
  }
}

/** For the canonical encoder: `undefined` becomes null, in fields that `record` then finds again. */
export function plain(value: unknown): CanonicalValue {
  if (value === undefined) return null
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value as CanonicalValue
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
