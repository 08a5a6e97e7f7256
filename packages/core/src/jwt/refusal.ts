import { MosaikError } from '../index.ts'
import type { JwtRefusal, JwtRefusalReason } from './types.ts'

export function refusal(reason: JwtRefusalReason, message: string, claim?: string): MosaikError {
  const value: JwtRefusal = claim === undefined ? { reason } : { reason, claim }
  return new MosaikError('ERR_INVALID_TICKET', `JWT refused (${reason}): ${message}`, { value })
}

/** What a stranger wrote, fit for one line of a log: quoted, escaped, cut. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
