import { quantile } from '../stats.ts'

/** What a child process does with its options; it ends by being stopped. */
// eslint-disable-next-line -- each role knows its own options
export type Role = (options: any) => Promise<void>

export const tell = (message: { readonly type: string; readonly [key: string]: unknown }): void => {
  if (process.connected) process.send?.(message)
}

/** Resolves with the next message of that type from the process that started this one. */
export function told<T = unknown>(type: string): Promise<T> {
  return new Promise((resolve) => {
    const listen = (message: { readonly type: string }): void => {
      if (message.type !== type) return
      process.off('message', listen)
      resolve(message as T)
    }
    process.on('message', listen)
  })
}

/** CPU time of this process, all its threads, seconds. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Of it, that of the thread that JavaScript runs on. */
export function threadCpuSeconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

/** Monotonic milliseconds, the same for all processes of a machine. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Calls `task` `perSecond` times a second, evenly. */
export function pace(perSecond: number, task: () => void): void {
  const begun = now()
  let done = 0
  setInterval(() => {
    const due = ((now() - begun) / 1000) * perSecond
    for (; done < due; done += 1) task()
  }, 1)
}

/** Items of 256 bytes that were made before the clock ran: making one costs more than sending it. */
export function readyMade(): () => Uint8Array {
  const items = Array.from({ length: 1024 }, (_, n) => new Uint8Array(256).fill(n))
  let next = 0
  return () => items[(next = (next + 1) & 1023)] as Uint8Array
}

export interface Measured {
  readonly seconds: number
  readonly items: number
  readonly cpu: number
  /** Of it, that of the thread that JavaScript runs on. */
  readonly threadCpu: number
  readonly rss: number
  readonly p50: number
  readonly p99: number
}

/** Counts what arrives, and answers each 'measure' with what a window of time has brought. */
export class Meter {
  items = 0
  readonly latencies: number[] = []

  async serve(): Promise<void> {
    void this.#tellWarm()
    for (;;) {
      const { ms } = await told<{ ms: number }>('measure')
      const before = { items: this.items, cpu: cpuSeconds(), threadCpu: threadCpuSeconds(), at: now() }
      this.latencies.length = 0
      await new Promise((resolve) => setTimeout(resolve, ms))
      const measured: Measured = {
        seconds: (now() - before.at) / 1000,
        items: this.items - before.items,
        cpu: cpuSeconds() - before.cpu,
        threadCpu: threadCpuSeconds() - before.threadCpu,
        rss: process.memoryUsage.rss(),
        ...this.#quantiles(),
      }
      tell({ type: 'measured', ...measured })
    }
  }

  async #tellWarm(): Promise<void> {
    const { items } = await told<{ items: number }>('warm')
    while (this.items < items) await new Promise((resolve) => setTimeout(resolve, 50))
    tell({ type: 'warmed' })
  }

  #quantiles(): { readonly p50: number; readonly p99: number } {
    const sorted = Float64Array.from(this.latencies).sort()
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
  }
}
