import { MosaikError } from '../index.ts'

const MAX_DEPTH = 32

/** JSON values compared by meaning: the order of an object's members does not count, types do. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  }
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && sameJson(member(a, name), member(b, name)))
  )
}

/** An own member only: `constructor` and its like are not claims. */
export function member(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Copied, and in the one form that JSON gives (no -0, no undefined). */
export function checkClaims(claims: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const fault = isObject(claims) ? jsonFault(claims, 'claims') : 'claims is not an object'
  if (fault !== undefined) throw new MosaikError('ERR_INVALID_OPTION', `claims must be JSON: ${fault}`)
  return JSON.parse(JSON.stringify(claims)) as Record<string, unknown>
}

/** Undefined when `value` survives a trip through JSON unchanged, else what stands in the way, in words. */
function jsonFault(value: unknown, path: string, depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return `${path} is nested deeper than ${MAX_DEPTH} levels`
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'string') return value.isWellFormed() ? undefined : `${path} is not well-formed Unicode`
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path} is ${value}`
  if (typeof value !== 'object') return `${path} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`
  if (Array.isArray(value))
    return firstFault(
      Array.from(value, (item: unknown, i) => [`${path}[${i}]`, item]),
      depth,
    )
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return `${path} is not a plain object`
  if (!Object.keys(value).every((name) => name.isWellFormed())) return `${path} has a name that is not well-formed Unicode`
  return firstFault(
    Object.entries(value).map(([name, item]) => [`${path}.${name}`, item]),
    depth,
  )
}

function firstFault(items: readonly (readonly [string, unknown])[], depth: number): string | undefined {
  for (const [path, item] of items) {
    const fault = jsonFault(item, path, depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}
