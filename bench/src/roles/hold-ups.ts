import { PerformanceObserver } from 'node:perf_hooks'
import { now, threadCpuSeconds } from './role.ts'

const EVERY_MS = 1

/** For how long the event loop did nothing else. */
export interface HeldUp {
  /** By the clock, ms: also while somebody else had the core. */
  readonly ms: number
  /** The thread's own CPU time in it, ms. */
  readonly cpuMs: number
  /** The longest that garbage was collected at a time, ms by the clock. */
  readonly gcMs: number
}

/** Watches, with a timer of a millisecond, how late it comes: so long everything else had to wait, too. */
export class HoldUps {
  #ms = 0
  #cpuMs = 0
  #gcMs = 0

  constructor() {
    const collections = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#gcMs = Math.max(this.#gcMs, duration)
    })
    collections.observe({ entryTypes: ['gc'] })
    let at = now()
    let cpu = threadCpuMs()
    setInterval(() => {
      const [nextAt, nextCpu] = [now(), threadCpuMs()]
      this.#ms = Math.max(this.#ms, nextAt - at - EVERY_MS)
      this.#cpuMs = Math.max(this.#cpuMs, nextCpu - cpu)
      at = nextAt
      cpu = nextCpu
    }, EVERY_MS)
  }

  /** The longest since it was asked before. */
  longest(): HeldUp {
    const longest = { ms: this.#ms, cpuMs: this.#cpuMs, gcMs: this.#gcMs }
    this.#ms = 0
    this.#cpuMs = 0
    this.#gcMs = 0
    return longest
  }
}

const threadCpuMs = (): number => threadCpuSeconds() * 1_000
