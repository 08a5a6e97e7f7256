import { MosaikError } from './error.ts'

/** States what must hold by construction. When it does not, Mosaik is wrong and says so: `ERR_ASSERTION`. Never for what others send. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new MosaikError('ERR_ASSERTION', `broken invariant: ${message}; please report this`)
}
