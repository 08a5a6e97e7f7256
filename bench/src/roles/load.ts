import { quantile } from '../stats.ts'
import { now, tell } from './role.ts'

/** What a role can be told to do again and again. */
export interface Calls {
  /** Before each load. */
  begin?(): void
  /** One item; resolves when acknowledged. */
  write(): Promise<unknown>
  /** A thousand items in one write. */
  batch?(): Promise<unknown>
  /** Linearizable. */
  read?(): Promise<unknown>
  /** Of the state as it is at hand. */
  stale?(): Promise<unknown>
}

/** What closed loops measured: calls per second, and how long each took, ms. */
export interface Closed {
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

/** `ms` of closed loops; or, with `items`, as long as so many calls take. */
export interface Load {
  readonly type: 'load'
  readonly what: 'write' | 'batch' | 'read' | 'stale'
  readonly concurrency: number
  readonly ms?: number
  readonly items?: number
}

type Order =
  | Load
  /** From now on a write every `everyMs`, whatever becomes of those before. */
  | { readonly type: 'probe'; readonly everyMs: number }
  /** Asks when the first of them was acknowledged that was issued at this moment or later. */
  | { readonly type: 'mark'; readonly at: number }
  /** Asks for the longest time without an acknowledgement since this moment. */
  | { readonly type: 'gap'; readonly since: number }
  /** So many writes a second until told otherwise; 0 ends it. */
  | { readonly type: 'pace'; readonly perSecond: number }
  /** How many paced writes have been acknowledged so far. */
  | { readonly type: 'count' }

const MAX_UNDER_WAY = 4_096

/** Does what the one who started this process says. */
export function serveLoads(calls: Calls): void {
  const paced = { perSecond: 0, acknowledged: 0 }
  const probe = new Probe(calls)
  process.on('message', (order: Order) => {
    if (order.type === 'load') void closed(calls, order).then((done) => tell({ type: 'loaded', ...done }))
    else if (order.type === 'probe') probe.begin(order.everyMs)
    else if (order.type === 'mark') probe.mark(order.at)
    else if (order.type === 'gap') tell({ type: 'gap', ms: probe.gapSince(order.since) })
    else if (order.type === 'count') tell({ type: 'counted', acknowledged: paced.acknowledged, at: now() })
    else if (order.type === 'pace') {
      const isRunning = paced.perSecond > 0
      paced.perSecond = order.perSecond
      if (!isRunning && order.perSecond > 0) void pace(calls, paced)
    }
  })
}

async function closed(calls: Calls, { what, concurrency, ms = Infinity, items = Infinity }: Load): Promise<Closed> {
  const call = calls[what]?.bind(calls)
  if (call === undefined) throw new Error(`this role has no '${what}'`)
  calls.begin?.()
  const took: number[] = []
  const begun = performance.now()
  let issued = 0
  const loop = async (): Promise<void> => {
    for (let at = begun; at - begun < ms && issued < items;) {
      issued += 1
      await call()
      const then = performance.now()
      took.push(then - at)
      at = then
    }
  }
  await Promise.all(Array.from({ length: concurrency }, loop))
  const seconds = (performance.now() - begun) / 1_000
  const sorted = Float64Array.from(took).sort()
  return { rate: took.length / seconds, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}

/** Writes in an open loop, to see when they are acknowledged. Moments are those of the machine's monotonic clock, ms. */
class Probe {
  readonly #calls: Calls
  readonly #acks: number[] = []
  #mark = Infinity

  constructor(calls: Calls) {
    this.#calls = calls
  }

  begin(everyMs: number): void {
    setInterval(() => {
      const issued = now()
      this.#calls.write().then(
        () => this.#acknowledged(issued),
        () => {}, // what comes to nothing is no acknowledgement
      )
    }, everyMs)
  }

  mark(at: number): void {
    this.#mark = at
  }

  gapSince(moment: number): number {
    const moments = [moment, ...this.#acks.filter((at) => at >= moment), now()].toSorted((a, b) => a - b)
    return moments.reduce((longest, at, i) => Math.max(longest, at - (moments[i - 1] ?? at)), 0)
  }

  #acknowledged(issued: number): void {
    const at = now()
    this.#acks.push(at)
    if (issued < this.#mark) return
    this.#mark = Infinity
    tell({ type: 'marked', at })
  }
}

async function pace(calls: Calls, paced: { perSecond: number; acknowledged: number }): Promise<void> {
  let underWay = 0
  let due = 0
  let last = performance.now()
  while (paced.perSecond > 0) {
    const at = performance.now()
    due = Math.min(due + ((at - last) / 1_000) * paced.perSecond, MAX_UNDER_WAY)
    last = at
    for (; due >= 1 && underWay < MAX_UNDER_WAY; due -= 1) {
      underWay += 1
      calls.write().then(
        () => ((underWay -= 1), (paced.acknowledged += 1)),
        () => (underWay -= 1),
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
