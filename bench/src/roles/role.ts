/** What a child process does with its options; it ends by being stopped. */
// eslint-disable-next-line -- each role knows its own options
export type Role = (options: any) => Promise<void>

export const tell = (message: { readonly type: string; readonly [key: string]: unknown }): void => void process.send?.(message)

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

/** CPU time of this process, seconds. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Monotonic milliseconds, the same for all processes of a machine. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Counts what arrives; `report` answers the 'measure' order with the rate over a window. */
export class Meter {
  items = 0
  bytes = 0
  readonly latencies: number[] = []

  async serve(): Promise<void> {
    for (;;) {
      const { ms } = await told<{ ms: number }>('measure')
      const before = { items: this.items, bytes: this.bytes, cpu: cpuSeconds(), at: now() }
      this.latencies.length = 0
      await new Promise((resolve) => setTimeout(resolve, ms))
      const seconds = (now() - before.at) / 1000
      const sorted = Float64Array.from(this.latencies).sort()
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
      tell({
        type: 'measured',
        seconds,
        items: this.items - before.items,
        bytes: this.bytes - before.bytes,
        cpu: cpuSeconds() - before.cpu,
        p50: at(0.5),
        p99: at(0.99),
      })
    }
  }
}

export interface Measured {
  readonly seconds: number
  readonly items: number
  readonly bytes: number
  readonly cpu: number
  readonly p50: number
  readonly p99: number
}
