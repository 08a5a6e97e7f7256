import { shortId } from '@mosaik/core'
import type { Counter, Gauge, Metrics, NetworkId } from '@mosaik/core'

/** Why a statement was not taken. */
export type Refusal = 'malformed' | 'signature' | 'network' | 'future' | 'stale' | 'full'

/** The metrics of discovery, each with the label `network` (10 digits of its id). */
export interface Meters {
  readonly catalogSize: Gauge
  readonly neighbours: Gauge
  readonly discovered: Counter
  readonly updated: Counter
  readonly departed: Counter
  /** Comparisons that this node began and that came to their end. */
  readonly syncs: Counter
  readonly syncsFailed: Counter
  readonly fetches: Counter
  /** Announced statements whose details nobody would give; the next comparison brings them. */
  readonly unfetched: Counter
  /** Inbound exchanges turned away because too many were open. */
  readonly turnedAway: Counter
  /** Exchanges in which the two clocks turned out to be too far apart. */
  readonly skewed: Counter
  readonly messagesSent: Counter
  readonly bytesSent: Counter
  readonly bytesReceived: Counter
  readonly announced: Counter
  readonly dials: Counter
  refused(reason: Refusal): Counter
}

export function createMeters(metrics: Metrics, networkId: NetworkId): Meters {
  const network = shortId(networkId)
  const counter = (name: string): Counter => metrics.counter(`mosaik.discovery.${name}`, { network })
  const gauge = (name: string): Gauge => metrics.gauge(`mosaik.discovery.${name}`, { network })
  return {
    catalogSize: gauge('catalog.size'),
    neighbours: gauge('gossip.neighbors'),
    discovered: counter('peers.discovered'),
    updated: counter('peers.updated'),
    departed: counter('peers.departed'),
    syncs: counter('catalog.syncs'),
    syncsFailed: counter('catalog.syncs.failed'),
    fetches: counter('catalog.fetches'),
    unfetched: counter('catalog.fetches.given_up'),
    turnedAway: counter('inbound.refused'),
    skewed: counter('clock.skewed'),
    messagesSent: counter('sync.messages.sent'),
    bytesSent: counter('sync.bytes.sent'),
    bytesReceived: counter('sync.bytes.received'),
    announced: counter('gossip.announced'),
    dials: counter('dials'),
    refused: (reason) => metrics.counter('mosaik.discovery.entries.refused', { network, reason }),
  }
}
