import { MosaikError } from '../check/error.ts'

/** Milliseconds, or text with a unit: `'250ms'`, `'15s'`, `'5m'`. Fractions are allowed (`'1.5s'`). */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m`

const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m)$/
const MS = { ms: 1, s: 1000, m: 60_000 } as const

/** A duration in milliseconds. Throws `ERR_INVALID_OPTION` for anything negative, infinite or malformed. */
export function toMs(duration: Duration): number {
  const ms = parseMs(duration)
  if (ms === undefined) {
    throw new MosaikError('ERR_INVALID_OPTION', `not a duration: ${String(duration)}; write milliseconds or '250ms', '15s', '5m'`)
  }
  return ms
}

/** The same without the throw: undefined for what is no duration. */
export function parseMs(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isFinite(duration) && duration >= 0 ? duration : undefined
  const match = typeof duration === 'string' ? TEXT.exec(duration) : null
  if (match === null) return undefined
  const ms = Number(match[1]) * MS[match[2] as keyof typeof MS]
  return Number.isFinite(ms) ? ms : undefined
}
