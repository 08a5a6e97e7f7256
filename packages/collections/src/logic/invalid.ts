import { MosaikError } from '@mosaik/core'

export function invalid(message: string, datum: unknown): MosaikError {
  return new MosaikError('ERR_INVALID_DATUM', message, { datum })
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
