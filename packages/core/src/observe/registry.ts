import { MosaikError } from '../check/error.ts'
import { check } from '../check/options.ts'
import { exposition } from './exposition.ts'
import type { Counter, Gauge, Histogram, Labels, Metrics } from './metrics.ts'
import type { Family, Kind, Series } from './series.ts'

export interface MetricsOptions {
  /** Time series that may exist, default 10 000. Beyond, updates go to one series per name without labels of its own. */
  readonly maxSeries?: number
  /** Labels of every series, for instance `{ network: shortId(id) }`. */
  readonly labels?: Labels
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const MAX_SERIES = 10_000
/** In seconds, from a millisecond to ten seconds: fits what is usually measured here. */
const DEFAULT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const OVERFLOW_LABELS = { overflow: 'true' }
const OVERFLOWED = 'mosaik.metrics.overflowed'

/** A registry of its own. Two nodes in one process have two. */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  return new Registry(check.integer('maxSeries', options.maxSeries, { min: 1, max: 10_000_000, default: MAX_SERIES }), options.labels ?? {})
}

/** Counts nothing, and its text is empty. */
export const noMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge: () => ({ set() {}, add() {} }),
  histogram: () => ({ observe() {} }),
  text: () => '',
}

class Registry implements Metrics {
  readonly #families = new Map<string, Family>()
  readonly #maxSeries: number
  readonly #labels: Labels
  readonly #batches = new Set<() => void>()
  #size = 0

  constructor(maxSeries: number, labels: Labels) {
    this.#maxSeries = maxSeries
    this.#labels = labels
  }

  counter(name: string, labels?: Labels): Counter {
    return this.#series(name, 'counter', labels, []).handle as Counter
  }
  gauge(name: string, labels?: Labels): Gauge {
    return this.#series(name, 'gauge', labels, []).handle as Gauge
  }
  histogram(name: string, labels?: Labels, buckets: readonly number[] = DEFAULT_BUCKETS): Histogram {
    return this.#series(name, 'histogram', labels, buckets).handle as Histogram
  }
  text(): string {
    for (const task of this.#batches) task()
    this.#batches.clear()
    return exposition(this.#families.values())
  }

  beforeText(task: () => void): () => void {
    this.#batches.add(task)
    return () => void this.#batches.delete(task)
  }

  #series(name: string, kind: Kind, labels: Labels | undefined, buckets: readonly number[]): Series {
    const family = this.#family(name, kind, buckets)
    const key = labelText(name, { ...this.#labels, ...labels })
    const existing = family.series.get(key)
    if (existing !== undefined) return existing
    if (this.#size < this.#maxSeries || labels === undefined) return this.#create(family, key)
    this.counter(OVERFLOWED).add()
    const shared = labelText(name, { ...this.#labels, ...OVERFLOW_LABELS })
    return family.series.get(shared) ?? this.#create(family, shared)
  }

  #family(name: string, kind: Kind, buckets: readonly number[]): Family {
    const text = name.replaceAll('.', '_')
    const existing = this.#families.get(text)
    if (existing !== undefined) {
      if (existing.kind === kind) return existing
      throw new MosaikError('ERR_INVALID_OPTION', `the metric ${name} is a ${existing.kind}; it cannot be a ${kind} too`)
    }
    if (!NAME.test(text))
      throw new MosaikError('ERR_INVALID_OPTION', `a metric name has letters, digits, dots and underscores, not ${JSON.stringify(name)}`)
    if (buckets.some((bound, i) => !Number.isFinite(bound) || (i > 0 && bound <= (buckets[i - 1] as number)))) {
      throw new MosaikError('ERR_INVALID_OPTION', `the buckets of ${name} must be finite and ascend`)
    }
    const family: Family = { name: text, kind, buckets: [...buckets], series: new Map() }
    this.#families.set(text, family)
    return family
  }

  #create(family: Family, key: string): Series {
    const counts = family.kind === 'histogram' ? new Array<number>(family.buckets.length + 1).fill(0) : []
    const series: Series = { value: 0, sum: 0, counts, handle: undefined as never }
    Object.assign(series, { handle: handleOf(family, series) })
    family.series.set(key, series)
    this.#size++
    return series
  }
}

function handleOf(family: Family, series: Series): Counter | Gauge | Histogram {
  return family.kind === 'counter' ? counterOf(family, series) : family.kind === 'gauge' ? gaugeOf(series) : histogramOf(family, series)
}

function counterOf(family: Family, series: Series): Counter {
  return {
    add: (n = 1) => {
      if (!(n >= 0)) throw new MosaikError('ERR_INVALID_OPTION', `the counter ${family.name} cannot go down (by ${n})`)
      series.value += n
    },
  }
}

function gaugeOf(series: Series): Gauge {
  return { set: (value) => void (series.value = value), add: (n) => void (series.value += n) }
}

function histogramOf({ buckets }: Family, series: Series): Histogram {
  return {
    observe: (value) => {
      const found = buckets.findIndex((bound) => value <= bound)
      const bucket = found === -1 ? buckets.length : found
      series.counts[bucket] = (series.counts[bucket] as number) + 1
      series.sum += value
      series.value++
    },
  }
}

/** `a="1",b="2"`, sorted by name, so that the order in which labels are given makes no difference. */
function labelText(name: string, labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((label) => {
      if (!LABEL.test(label))
        throw new MosaikError('ERR_INVALID_OPTION', `the metric ${name} has a malformed label ${JSON.stringify(label)}`)
      return `${label}="${escape(String(labels[label]))}"`
    })
    .join(',')
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
