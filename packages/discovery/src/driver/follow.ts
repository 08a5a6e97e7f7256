import type { Watch } from '@mosaik/core'

/** Hands on the present value and every later one, until the watch ends or the signal aborts. Never rejects. */
export async function follow<T>(watch: Watch<T>, signal: AbortSignal, each: (value: T) => void): Promise<void> {
  while (!signal.aborted) {
    each(watch.value)
    try {
      await watch.changed({ signal })
    } catch {
      return // the watch was closed by its owner, or we are
    }
  }
}
