import { MosaikError } from '@mosaik/core'

/** The disk, or what is on it, is to blame. */
export function storageError(message: string, cause?: unknown): MosaikError {
  return new MosaikError('ERR_STORAGE', message, cause === undefined ? {} : { cause })
}

/** Bytes that were written are not there any more. */
export function corrupt(file: string, offset: number, detail: string): MosaikError {
  const advice = 'empty the directory: the node comes back as a new member. Never restore it from a backup'
  return storageError(`${file} is corrupt at byte ${offset}: ${detail}; ${advice}`)
}

export function pruned(what: string, first: number): MosaikError {
  return new MosaikError('ERR_PRUNED', `${what}: the log begins at ${first}`)
}

export function refuse(message: string): never {
  throw new MosaikError('ERR_INVALID_OPTION', message)
}

export function notOpen(what: string): MosaikError {
  return new MosaikError('ERR_CLOSED', `${what} is not open`)
}

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
