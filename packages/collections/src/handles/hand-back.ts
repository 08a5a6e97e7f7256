import { MosaikError } from '@mosaik/core'
import type { ErrorDetail } from '@mosaik/core'

/** The same error, with what the write was given. What is not ours, like the reason of a signal, stays as it is. */
export function handBack(error: unknown, given: unknown): unknown {
  if (!MosaikError.is(error)) return error
  const detail: ErrorDetail = given === undefined ? { cause: error } : { cause: error, datum: given, value: given }
  return new MosaikError(error.code as `ERR_${string}`, error.message, detail)
}
