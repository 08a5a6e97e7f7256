import type { PeerId } from '../id/types.ts'
import { isPeerId } from '../identity/peer-id.ts'
import { isAddress, splitAddress } from '../net/address.ts'
import { parseMs, toMs } from '../time/duration.ts'
import type { Duration } from '../time/duration.ts'
import { MosaikError } from './error.ts'

/** With `default` an option may be left out; `default: undefined` makes it optional. */
interface Rule<D> {
  readonly default?: D
}
interface Range<V, D> extends Rule<D> {
  readonly min?: V
  readonly max?: V
}
type Missing<D> = Extract<D, undefined>

/**
 * Checks of options at the border, all of one form: `check.<kind>(name, value, rule)` answers the value that holds
 * or throws `ERR_INVALID_OPTION` saying which option, what came and what is allowed.
 */
export const check = {
  /** Milliseconds. `min` (default 0) and `max` are durations too, and so is `default`. */
  duration<D extends Duration | undefined = never>(
    name: string,
    value: Duration | undefined,
    rule: Range<Duration, D> = {},
  ): number | Missing<D> {
    if (value === undefined && 'default' in rule)
      return (rule.default === undefined ? undefined : toMs(rule.default)) as number | Missing<D>
    const ms = parseMs(value)
    const [min, max] = [toMs(rule.min ?? 0), rule.max === undefined ? Number.POSITIVE_INFINITY : toMs(rule.max)]
    if (ms !== undefined && ms >= min && ms <= max) return ms
    return refuse(name, value, `a duration ${range(rule.min ?? 0, rule.max)} (milliseconds, or '250ms', '15s', '5m')`)
  },

  /** A safe integer. */
  integer<D extends number | undefined = never>(name: string, value: number | undefined, rule: Range<number, D> = {}): number | Missing<D> {
    if (value === undefined && 'default' in rule) return rule.default as number | Missing<D>
    if (Number.isSafeInteger(value) && within(value as number, rule)) return value as number
    return refuse(name, value, `an integer ${range(rule.min, rule.max)}`)
  },

  /** A finite number. */
  number<D extends number | undefined = never>(name: string, value: number | undefined, rule: Range<number, D> = {}): number | Missing<D> {
    if (value === undefined && 'default' in rule) return rule.default as number | Missing<D>
    if (typeof value === 'number' && Number.isFinite(value) && within(value, rule)) return value
    return refuse(name, value, `a number ${range(rule.min, rule.max)}`)
  },

  boolean<D extends boolean | undefined = never>(name: string, value: boolean | undefined, rule: Rule<D> = {}): boolean | Missing<D> {
    if (value === undefined && 'default' in rule) return rule.default as boolean | Missing<D>
    return typeof value === 'boolean' ? value : refuse(name, value, 'true or false')
  },

  /** Text, `min` to `max` UTF-16 units long (default at least 1). */
  text<D extends string | undefined = never>(name: string, value: string | undefined, rule: Range<number, D> = {}): string | Missing<D> {
    if (value === undefined && 'default' in rule) return rule.default as string | Missing<D>
    if (typeof value === 'string' && within(value.length, { min: 1, ...rule })) return value
    return refuse(name, value, `text of a length ${range(rule.min ?? 1, rule.max)}`)
  },

  oneOf<const T, D extends T | undefined = never>(name: string, value: unknown, allowed: readonly T[], rule: Rule<D> = {}): T | Missing<D> {
    if (value === undefined && 'default' in rule) return rule.default as T | Missing<D>
    if (allowed.includes(value as T)) return value as T
    return refuse(name, value, `one of ${allowed.map(show).join(', ')}`)
  },

  /** A list, or one item instead of a list of one; left out it is empty. `item` checks each, named like `bootstrap[2]`. */
  list<T>(
    name: string,
    value: unknown,
    item: (name: string, value: never) => T,
    rule: { readonly min?: number; readonly max?: number } = {},
  ): T[] {
    const items: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
    if (!within(items.length, rule)) return refuse(name, `${items.length} items`, `a list with a length ${range(rule.min, rule.max)}`)
    return items.map((one, i) => item(Array.isArray(value) ? `${name}[${i}]` : name, one as never))
  },

  /** An object of options; left out it is empty. */
  options<O extends object>(name: string, value: O | undefined): O {
    if (value === undefined) return {} as O
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : refuse(name, value, 'an object of options')
  },

  /** A function, or left out. */
  callback<F>(name: string, value: F | undefined): F | undefined {
    return value === undefined || typeof value === 'function' ? value : refuse(name, value, 'a function')
  },

  /** An object with these methods, or left out. */
  having<T extends object>(name: string, value: T | undefined, methods: readonly (keyof T & string)[]): T | undefined {
    const has = (method: keyof T): boolean => typeof value === 'object' && value !== null && typeof value[method] === 'function'
    return value === undefined || methods.every(has) ? value : refuse(name, value, `an object with the methods ${methods.join(', ')}`)
  },

  /** Multiaddr text. With `peer: 'required'` it must end in `/p2p/<peer id>`. */
  address(name: string, value: unknown, rule: { readonly peer?: 'required' } = {}): string {
    const holds = isAddress(value) && (rule.peer === undefined || splitAddress(value).peerId !== undefined)
    if (holds) return value
    return refuse(name, value, `an address like /ip4/127.0.0.1/udp/4001/quic-v1${rule.peer === undefined ? '' : '/p2p/<peer id>'}`)
  },

  /** Libp2p's base58 text of an Ed25519 key. */
  peerId(name: string, value: unknown): PeerId {
    return isPeerId(value) ? value : refuse(name, value, 'a peer id (12D3Koo…)')
  },
} as const

function within(value: number, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Range<number, unknown>): boolean {
  return value >= min && value <= max
}

function range(min: Duration | undefined, max: Duration | undefined): string {
  if (max === undefined) return min === undefined ? 'of any size' : `of at least ${min}`
  return min === undefined ? `of at most ${max}` : `from ${min} to ${max}`
}

function refuse(name: string, value: unknown, allowed: string): never {
  throw new MosaikError('ERR_INVALID_OPTION', `${name} is ${show(value)}; it must be ${allowed}`, { value })
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (value === undefined) return 'missing'
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'function' ? 'a function' : typeof value === 'symbol' ? 'a symbol' : 'an object'
}
