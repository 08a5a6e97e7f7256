import type { Counter, Gauge, Labels, Metrics } from '@mosaik/core'

/** The series of an endpoint. All carry the label `network`. */
export interface NetworkMetrics {
  readonly opened: Counter
  readonly active: Gauge
  readonly egress: Counter
  readonly ingress: Counter
  readonly suspects: Counter
  readonly dialFailures: Counter
  /** Connections ended before or instead of verification, by reason. */
  refused(reason: string): Counter
  /** Verified connections that ended, by reason. */
  lost(reason: string): Counter
  /** Streams refused or reset by this endpoint, by reason. */
  streamRefused(reason: string): Counter
}

export function networkMetrics(metrics: Metrics, labels: Labels): NetworkMetrics {
  const name = (suffix: string): string => `mosaik.network.${suffix}`
  return {
    opened: metrics.counter(name('connections.opened'), labels),
    active: metrics.gauge(name('connections.active'), labels),
    egress: metrics.counter(name('egress.bytes'), labels),
    ingress: metrics.counter(name('ingress.bytes'), labels),
    suspects: metrics.counter(name('connections.suspect'), labels),
    dialFailures: metrics.counter(name('dials.failed'), labels),
    refused: (reason) => metrics.counter(name('connections.refused'), { ...labels, reason }),
    lost: (reason) => metrics.counter(name('connections.lost'), { ...labels, reason }),
    streamRefused: (reason) => metrics.counter(name('streams.refused'), { ...labels, reason }),
  }
}
