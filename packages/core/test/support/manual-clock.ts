import type { Clock } from '@mosaik/core'

/** Time that moves only when told to. */
export interface ManualClock extends Clock {
  advance(ms: number): void
  readonly pending: number
}

export function manualClock(): ManualClock {
  let now = 0
  let order = 0
  const tasks = new Map<number, { at: number; run: () => void }>()
  const after = (ms: number, run: () => void): (() => void) => {
    const id = order++
    tasks.set(id, { at: now + ms, run })
    return () => void tasks.delete(id)
  }
  return {
    now: () => now,
    monotonic: () => now,
    after,
    turn: (run) => void after(0, run),
    get pending() {
      return tasks.size
    },
    advance: (ms) => {
      const end = now + ms
      for (;;) {
        const due = [...tasks].filter(([, task]) => task.at <= end).sort(([i, a], [j, b]) => a.at - b.at || i - j)[0]
        if (due === undefined) break
        tasks.delete(due[0])
        now = due[1].at
        due[1].run()
      }
      now = end
    },
  }
}
