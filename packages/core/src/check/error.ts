/**
 * Codes that more than one package uses. A package may add its own (always `ERR_…`) and documents them
 * in its README.
 */
export type ErrorCode =
  | 'ERR_CLOSED'
  | 'ERR_ALREADY_EXISTS'
  | 'ERR_OFFLINE'
  | 'ERR_UNKNOWN'
  | 'ERR_SUPERSEDED'
  | 'ERR_TIMEOUT'
  | 'ERR_INVALID_OPTION'
  | 'ERR_INVALID_DATUM'
  | 'ERR_TOO_LARGE'
  | 'ERR_INVALID_TICKET'
  | 'ERR_DIFFERENT_NETWORK'
  | 'ERR_UNREACHABLE'
  | 'ERR_PROTOCOL'
  | 'ERR_MACHINE_MISMATCH'
  | 'ERR_GROUP_FAILED'
  | 'ERR_STORAGE'
  | (`ERR_${string}` & {})

/** What an error hands back besides its message: the work that was not done. */
export interface ErrorDetail {
  readonly cause?: unknown
  readonly commands?: readonly unknown[]
  readonly datum?: unknown
  readonly value?: unknown
  readonly existing?: unknown
}

/**
 * The one error class of Mosaik. `code` is stable and meant for programs; the message is meant for people
 * and says what was waited for, what is missing and what to do.
 */
export class MosaikError extends Error {
  override readonly name = 'MosaikError'
  readonly code: string
  // Declared only: what is not handed back is not there, and not printed.
  declare readonly commands?: readonly unknown[]
  declare readonly datum?: unknown
  declare readonly value?: unknown
  declare readonly existing?: unknown

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, 'cause' in detail ? { cause: detail.cause } : undefined)
    this.code = code
    const { cause: _cause, ...payload } = detail
    Object.assign(this, payload)
  }

  /** True for a MosaikError of any copy of this package, with that code when one is given. */
  static is(error: unknown, code?: string): error is MosaikError {
    return (
      error instanceof Error &&
      error.name === 'MosaikError' &&
      typeof (error as { code?: unknown }).code === 'string' &&
      (code === undefined || (error as { code?: unknown }).code === code)
    )
  }
}
