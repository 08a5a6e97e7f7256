/** Label values of one time series. */
export type Labels = Readonly<Record<string, string>>

export interface Counter {
  /** Adds `n` (default 1, never negative). */
  add(n?: number): void
}
export interface Gauge {
  set(value: number): void
  add(n: number): void
}
export interface Histogram {
  observe(value: number): void
}

/**
 * One registry per node. Names are written with dots (`mosaik.streams.producers.active`); the Prometheus text has
 * underscores. Asking twice for one name and labels gives the same series; a name keeps its kind (`ERR_INVALID_OPTION`).
 */
export interface Metrics {
  counter(name: string, labels?: Labels): Counter
  gauge(name: string, labels?: Labels): Gauge
  histogram(name: string, labels?: Labels, buckets?: readonly number[]): Histogram
  /** Prometheus text exposition, version 0.0.4. */
  text(): string
  /** For whoever counts in batches: runs `task` when the text is asked for next, unless the returned function is called before. */
  beforeText?(task: () => void): () => void
}
