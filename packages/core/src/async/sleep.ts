import type { Clock } from '../time/clock.ts'
import { abortable } from './abortable.ts'
import type { WaitOptions } from './watch.ts'

/** Resolves `ms` from now by this clock. An abort rejects with `signal.reason` and cancels the timer. */
export function sleep(clock: Clock, ms: number, { signal }: WaitOptions = {}): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    signal?.throwIfAborted()
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Runs `work` for at most `ms`. When the time is over, its signal aborts with `late()` and the answer rejects with the
 * same error, whether `work` listens or not. An abort of `options.signal` does likewise with its reason.
 */
export async function deadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  late: () => Error,
  { signal }: WaitOptions = {},
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const cancel = clock.after(ms, () => controller.abort(late()))
  const onAbort = (): void => controller.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await abortable(work(controller.signal), controller.signal)
  } finally {
    cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}
