/** Why a program is asked to end. */
export type EndingReason = 'SIGINT' | 'SIGTERM' | 'output-closed'

/** The first request to end. */
export interface Ending extends Disposable {
  /** Aborts with an `AbortError`. */
  readonly signal: AbortSignal
  /** Undefined until then. */
  readonly reason: EndingReason | undefined
}

/** Exit code of a program that did not do what it was started for, or was not given the time to end well. */
export const FAILED = 1

/**
 * The first SIGINT or SIGTERM asks for a graceful end; a second one ends the process at once, with code 1. Nor does a program go on
 * when nobody can read what it says.
 */
export function untilAskedToEnd(): Ending {
  const controller = new AbortController()
  let reason: EndingReason | undefined
  const ask = (why: EndingReason): void => {
    reason ??= why
    controller.abort(new DOMException(`the program was asked to end (${reason})`, 'AbortError'))
  }
  const stop = (signal: EndingReason): void => {
    if (controller.signal.aborted) process.exit(FAILED)
    ask(signal)
  }
  const closed = (): void => ask('output-closed')
  process.on('SIGINT', stop).on('SIGTERM', stop)
  process.stdout.on('error', closed)
  return {
    signal: controller.signal,
    get reason() {
      return reason
    },
    [Symbol.dispose]: () => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
    },
  }
}
