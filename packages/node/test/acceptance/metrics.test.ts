import { createMetrics } from '@mosaik/core'
import type { Metrics } from '@mosaik/core'
import { createNetwork } from '@mosaik/node'
import { defineStream } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { fill, metric, stage, take } from './support.ts'

const Ticks = defineStream<number>('ticks')
const STREAM = { stream: Ticks.id.slice(0, 10) }

/** The value right now, summed over the series of the stream. */
const streamValue = (metrics: Metrics, name: string): number | undefined => metric(metrics, `mosaik_streams_${name}`, STREAM)
const nodeValue = (metrics: Metrics, name: string): number | undefined => metric(metrics, `mosaik_${name}`)

describe('metrics', () => {
  it('of discovery say what is known, whatever brought it', () =>
    stage('discovery', async ({ world, node, pass }) => {
      const metrics = createMetrics()
      const a = await node({ metrics })
      const b = await node()
      const c = await world.node('acceptance')
      await a.discovery.catalog.until(({ size }) => size === 1)
      expect(a.discovery.feed(c.discovery.exportMe())).toBe(true)
      b.discovery.addTags('x')
      await a.discovery.catalog.until((catalog) => catalog.get(b.local.id)?.hasTag('x') === true)
      await pass(5_000)
      expect(['catalog_size', 'peers_discovered', 'gossip_neighbors'].map((name) => nodeValue(metrics, `discovery_${name}`))).toEqual([
        2,
        2,
        expect.any(Number),
      ])
      expect(nodeValue(metrics, 'discovery_gossip_neighbors')).toBeGreaterThanOrEqual(1)
      expect(nodeValue(metrics, 'discovery_peers_updated')).toBeGreaterThanOrEqual(1)
      expect(nodeValue(metrics, 'discovery_catalog_syncs')).toBeGreaterThanOrEqual(1)
      await Promise.all([b.close(), c.close()])
      await a.discovery.catalog.until(({ size }) => size === 0)
      expect([nodeValue(metrics, 'discovery_catalog_size'), nodeValue(metrics, 'discovery_peers_departed')]).toEqual([0, 2])
      expect(metric(metrics, 'mosaik_discovery_catalog_size', { network: a.id.slice(0, 10) })).toBe(0)
    }))

  it('of streams count each item once, gauges what is open', () =>
    stage('streams', async ({ node, pass }) => {
      const [here, there] = [createMetrics(), createMetrics()]
      const a = await node({ metrics: here })
      const b = await node({ metrics: there })
      const producer = a.streams.produce(Ticks)
      const [consumer, twin] = [b.streams.consume(Ticks), b.streams.consume(Ticks)]
      await Promise.all([consumer.when.subscribed(), twin.when.subscribed()])
      const open = (): (number | undefined)[] => [
        nodeValue(here, 'streams_producers_active'),
        streamValue(here, 'producer_consumers'),
        streamValue(there, 'consumers_active'),
        streamValue(there, 'consumer_producers'),
      ]
      expect(open()).toEqual([1, 1, 2, 2])
      for (const n of [1, 2, 1000]) await producer.send(n)
      expect([streamValue(here, 'producer_items_sent'), streamValue(here, 'producer_bytes_sent')]).toEqual([3, 5])
      expect([streamValue(here, 'datums'), streamValue(here, 'bytes')]).toEqual([3, 5])
      await take(consumer, 3)
      expect([streamValue(there, 'consumer_items_received'), streamValue(there, 'consumer_bytes_received')]).toEqual([3, 5])
      await take(twin, 3)
      expect([streamValue(there, 'consumer_items_received'), streamValue(there, 'consumer_bytes_received')]).toEqual([6, 10])
      expect([streamValue(here, 'producer_consumers_accepted'), nodeValue(here, 'streams_connections_accepted')]).toEqual([1, 1])
      await consumer.close()
      expect(open()).toEqual([1, 1, 1, 1])
      await twin.close()
      await producer.when.unsubscribed()
      expect(open()).toEqual([1, 0, 0, 0])
      await producer.close()
      expect(open()).toEqual([0, 0, 0, 0])
      await a.streams.produce(Ticks).close()
      b.streams.consume(Ticks)
      await pass(10)
      await Promise.all([a.close(), b.close()])
      expect(open()).toEqual([0, 0, 0, 0])
    }))

  it('of streams count what was refused and what was dropped', () =>
    stage('refused', async ({ node, pass }) => {
      const metrics = createMetrics()
      const a = await node({ metrics })
      const [b, c, d] = [await node(), await node(), await node()]
      const producer = a.streams.produce(Ticks, { lagging: 'drop', bufferSize: 1, require: (peer) => peer.peerId !== c.local.id })
      const slow = b.streams.consume(Ticks, { bufferSize: 1 })
      const quick = d.streams.consume(Ticks)
      c.streams.consume(Ticks)
      await Promise.all([slow.when.subscribed(), quick.when.subscribed()])
      await pass(5_000)
      expect(streamValue(metrics, 'producer_consumers_rejected')).toBeGreaterThanOrEqual(1)
      expect(nodeValue(metrics, 'streams_connections_rejected')).toBeGreaterThanOrEqual(1)
      expect(streamValue(metrics, 'producer_consumers_accepted')).toBe(2)
      expect(fill(producer)).toBeGreaterThan(100) // as much as the quick one has room for
      expect(streamValue(metrics, 'producer_items_dropped')).toBeGreaterThan(100)
      expect(streamValue(metrics, 'producer_items_dropped')).toBe(producer.stats.dropped)
    }))

  it('of the network are there, and nothing is shared between nodes', async () => {
    const metrics = [createMetrics(), createMetrics()]
    const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
    await using a = await createNetwork('metrics', { listen, metrics: metrics[0]! })
    await using b = await createNetwork('metrics', { listen, metrics: metrics[1]!, discovery: { bootstrap: a.local.addresses } })
    await b.discovery.catalog.until(({ size }) => size === 1)
    const consumer = b.streams.consume(Ticks)
    await a.streams.produce(Ticks).send(1)
    await consumer.receive()
    for (const one of metrics) {
      expect(nodeValue(one, 'network_connections_opened')).toBe(1)
      expect(nodeValue(one, 'network_egress_bytes')).toBeGreaterThan(100)
      expect(nodeValue(one, 'network_ingress_bytes')).toBeGreaterThan(100)
      for (const line of one.text().trim().split('\n'))
        expect(line).toMatch(/^(?:# (?:TYPE|HELP) \w+ .+|\w+(?:\{(?:\w+="[^"]*",?)*\})? [\d.e+-]+|\w+.* \+Inf)$/)
    }
    expect([nodeValue(metrics[0]!, 'streams_producers_active'), nodeValue(metrics[1]!, 'streams_producers_active')]).toEqual([1, 0])
  })
})
