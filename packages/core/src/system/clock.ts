import type { Clock } from '../time/clock.ts'

/** Longer timers of Node fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Real time. Timers keep the process alive, as work that is waited for should. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, task) => {
    if (ms <= 0) {
      const immediate = setImmediate(task)
      return () => clearImmediate(immediate)
    }
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const step = Math.min(left, LONGEST_TIMER_MS)
      timer = setTimeout(() => (left > step ? arm(left - step) : task()), step)
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
  turn: (task) => {
    setImmediate(task)
  },
}
