import { isRepeated } from './request.ts'
import type { Request } from './request.ts'

/** Why a program is asked to end. */
export type EndingReason = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'output-closed'

/** The first request to end. */
export interface Ending {
  /** Aborts with an `AbortError`. */
  readonly signal: AbortSignal
  /** Undefined until then. */
  readonly reason: EndingReason | undefined
  /** The program has ended, with this code. Nothing is asked of it any more; what still keeps the process up ends with the next signal. */
  over(code: number): void
}

/** Exit code of a program that did not do what it was started for, or was not given the time to end well. */
export const FAILED = 1

/**
 * The first SIGINT or SIGTERM asks for a graceful end; a second one ends the process at once, with code 1. A SIGHUP asks, too, and never
 * ends it at once. Nor does a program go on when nobody can read what it says. The handlers stay for the rest of the process's life, which
 * they do not prolong: without them a signal that comes late would take the exit code away.
 */
export function untilAskedToEnd(): Ending {
  const controller = new AbortController()
  let reason: EndingReason | undefined
  let isOver = false
  let first: Request | undefined
  const ask = (why: EndingReason): void => {
    if (isOver) return
    reason ??= why
    controller.abort(new DOMException(`the program was asked to end (${reason})`, 'AbortError'))
  }
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (isOver) process.exit()
    const request = { signal, at: performance.now() }
    if (first !== undefined && !isRepeated(first, request)) process.exit(FAILED)
    first ??= request
    ask(signal)
  }
  // A terminal that closes says so more than once, by its shell and by the kernel: that is no impatience.
  const hangUp = (): void => {
    if (isOver) process.exit()
    ask('SIGHUP')
  }
  process.on('SIGINT', () => stop('SIGINT')).on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGHUP', hangUp)
  process.stdout.on('error', () => ask('output-closed'))
  // A program without its log goes on. Unheard, the error would end it without a goodbye.
  process.stderr.on('error', () => {})
  return {
    signal: controller.signal,
    get reason() {
      return reason
    },
    over: (code) => {
      isOver = true
      process.exitCode = code
      // Left to itself Node takes the handlers down before it is done.
      process.once('beforeExit', () => process.exit())
    },
  }
}
