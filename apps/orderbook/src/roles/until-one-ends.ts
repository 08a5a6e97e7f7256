type Task = (signal: AbortSignal) => Promise<void>

const ENDED = new Error('another task has ended')

/**
 * Runs tasks side by side until one of them ends, or `signal` aborts; then the others are told to end, and waited for. Rejects with
 * what a task failed with, or with the signal's reason.
 */
export async function untilOneEnds(signal: AbortSignal, ...tasks: readonly Task[]): Promise<void> {
  const over = new AbortController()
  const both = AbortSignal.any([signal, over.signal])
  const failures: unknown[] = []
  const run = async (task: Task): Promise<void> => {
    try {
      await task(both)
    } catch (error) {
      if (error !== both.reason) failures.push(error)
    } finally {
      over.abort(ENDED)
    }
  }
  await Promise.all(tasks.map(run))
  if (failures.length > 0) throw failures[0]
  signal.throwIfAborted()
}
