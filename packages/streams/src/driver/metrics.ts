import { shortId } from '@mosaik/core'
import type { Counter, Gauge, Metrics, StreamId } from '@mosaik/core'

/** Series of one producer. */
export interface ProducerMetrics {
  readonly consumers: Gauge
  readonly accepted: Counter
  readonly rejected: Counter
  readonly items: readonly Counter[]
  readonly bytes: readonly Counter[]
  readonly dropped: Counter
}

/** Series of all consumers of one stream. */
export interface ConsumerMetrics {
  readonly active: Gauge
  readonly producers: Gauge
  /** What the application took. */
  readonly items: readonly Counter[]
  readonly bytes: readonly Counter[]
  /** What arrived. */
  readonly allItems: readonly Counter[]
  readonly allBytes: readonly Counter[]
}

/** The names are those of the README's table. */
export class StreamMetrics {
  readonly producers: Gauge
  readonly accepted: Counter
  readonly rejected: Counter
  readonly #metrics: Metrics
  readonly #network: string

  constructor(metrics: Metrics, network: string) {
    this.#metrics = metrics
    this.#network = network
    this.producers = metrics.gauge('mosaik.streams.producers.active', { network })
    this.accepted = metrics.counter('mosaik.streams.connections.accepted', { network })
    this.rejected = metrics.counter('mosaik.streams.connections.rejected', { network })
  }

  /** Peers whose tickets were refused for this reason. */
  ticketsRefused(reason: string): Counter {
    return this.#metrics.counter('mosaik.streams.tickets.refused', { network: this.#network, reason })
  }

  producer(id: StreamId): ProducerMetrics {
    const labels = { stream: shortId(id), network: this.#network }
    const metrics = this.#metrics
    return {
      consumers: metrics.gauge('mosaik.streams.producer.consumers', labels),
      accepted: metrics.counter('mosaik.streams.producer.consumers.accepted', labels),
      rejected: metrics.counter('mosaik.streams.producer.consumers.rejected', labels),
      items: [metrics.counter('mosaik.streams.producer.items.sent', labels), metrics.counter('mosaik.streams.datums.total', labels)],
      bytes: [metrics.counter('mosaik.streams.producer.bytes.sent', labels), metrics.counter('mosaik.streams.bytes.total', labels)],
      dropped: metrics.counter('mosaik.streams.producer.items.dropped', labels),
    }
  }

  consumer(id: StreamId): ConsumerMetrics {
    const labels = { stream: shortId(id), network: this.#network }
    const metrics = this.#metrics
    return {
      active: metrics.gauge('mosaik.streams.consumers.active', labels),
      producers: metrics.gauge('mosaik.streams.consumer.producers', labels),
      items: [metrics.counter('mosaik.streams.consumer.items.received', labels)],
      bytes: [metrics.counter('mosaik.streams.consumer.bytes.received', labels)],
      allItems: [metrics.counter('mosaik.streams.datums.total', labels)],
      allBytes: [metrics.counter('mosaik.streams.bytes.total', labels)],
    }
  }
}
