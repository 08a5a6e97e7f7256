import type { Counter, Gauge, Histogram } from './metrics.ts'

export type Kind = 'counter' | 'gauge' | 'histogram'

/** Everything of one name. `key` of a series: its label text as the exposition writes it. */
export interface Family {
  readonly name: string
  readonly kind: Kind
  readonly buckets: readonly number[]
  readonly series: Map<string, Series>
}

export interface Series {
  value: number
  sum: number
  /** Observations per bucket (not cumulated), one more for those above the last. Empty unless a histogram. */
  readonly counts: number[]
  readonly handle: Counter | Gauge | Histogram
}
