import { isRepeated } from './request.ts'
import type { Request } from './request.ts'

/** Why a program is asked to end. `output-stalled`: `MAX_WAITING_BYTES` of its output wait to be read. */
export type EndingReason = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'output-closed' | 'output-stalled'

/** The first request to end. */
export interface Ending {
  /** Aborts with an `AbortError`. */
  readonly signal: AbortSignal
  /** Undefined until then. */
  readonly reason: EndingReason | undefined
  /** To stdout, as long as somebody reads that. */
  write(text: string): void
  /** The program has ended, with this code. Nothing is asked of it any more; what still keeps the process up ends with the next signal. */
  over(code: number): void
}

/** Exit code of a program that did not do what it was started for, or was not given the time to end well. */
export const FAILED = 1

/** What is written to a pipe waits in memory until it is read. */
const MAX_WAITING_BYTES = 2 ** 24

/**
 * The first SIGINT or SIGTERM asks for a graceful end; a second one ends the process at once, with code 1. A SIGHUP asks, too, and never
 * ends it at once. Nor does a program go on when nobody reads what it says. The handlers stay for the rest of the process's life, which
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
    write: (text) => {
      process.stdout.write(text)
      if (process.stdout.writableLength > MAX_WAITING_BYTES) ask('output-stalled')
    },
    over: (code) => {
      isOver = true
      process.exitCode = code
      // What nobody reads would keep the process up.
      if (reason === 'output-stalled') process.exit()
      // Left to itself Node takes the handlers down before it is done.
      process.once('beforeExit', () => process.exit())
    },
  }
}
