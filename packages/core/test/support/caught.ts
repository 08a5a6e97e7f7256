import { MosaikError } from '@mosaik/core'

/** The MosaikError that `run` throws; fails when it throws none or something else. */
export function caught(run: () => unknown): MosaikError {
  try {
    run()
  } catch (error) {
    if (MosaikError.is(error)) return error
    throw new Error(`not a MosaikError: ${String(error)}`, { cause: error })
  }
  throw new Error('nothing was thrown')
}
