import { shortId, uniqueId } from '@mosaik/core'
import { connectedProducers } from '../world/channels.ts'
import type { Life } from '../world/machine.ts'
import type { Invariant } from '../world/probe.ts'
import type { Sim } from '../world/sim.ts'

/** Numbers mean what they say, when nothing happens. */
export const gauges: Invariant = {
  name: 'gauges-tell-the-truth',
  rule: 'gauges count what is open; stats count every item once (Stats, and the metrics in the README of @mosaik/streams)',
  watch: (sim, fail) => ({
    quiet: () => {
      for (const life of sim.open) {
        const shown = series(life)
        for (const [name, expected] of reality(sim, life)) {
          const value = shown.get(name) ?? 0
          if (value !== expected) fail(`${life.name}: ${name} is ${value}, should be ${expected}`)
        }
        for (const { producer, sendings, id } of life.producers) {
          const passed = sendings.filter(({ state, undelivered }) => state === 'taken' && !undelivered).length
          if (producer.stats.datums !== passed)
            fail(`${life.name}: producer ${id} counts ${producer.stats.datums} datums, ${passed} were sent to somebody`)
        }
        for (const { consumer, taken, id } of life.consumers) {
          if (consumer.stats.datums !== taken)
            fail(`${life.name}: consumer ${id} counts ${consumer.stats.datums} datums, ${taken} were taken`)
        }
      }
    },
  }),
}

/** Series of the metrics with the values that they should have. */
function reality(sim: Sim, life: Life): Map<string, number> {
  const network = `network="${shortId(life.network.id)}"`
  const expected = new Map([
    [`mosaik_discovery_catalog_size{${network}}`, life.network.discovery.catalog.value.size],
    [`mosaik_streams_producers_active{${network}}`, life.producers.size],
  ])
  for (const [stream, name] of sim.plan.streams.entries()) {
    const labels = `{${network},stream="${shortId(uniqueId(name))}"}`
    const producers = [...life.producers].filter(({ plan }) => plan.stream === stream)
    const consumers = [...life.consumers].filter(({ plan }) => plan.stream === stream)
    expected.set(`mosaik_streams_producer_consumers${labels}`, sum(producers.map(({ producer }) => producer.consumers.length)))
    expected.set(`mosaik_streams_consumers_active${labels}`, consumers.length)
    expected.set(`mosaik_streams_consumer_producers${labels}`, sum(consumers.map((run) => connectedProducers(sim, run).length)))
  }
  return expected
}

/** The values of all series by name and labels, the labels sorted. */
function series(life: Life): Map<string, number> {
  const lines = life.network.discovery.endpoint.metrics.text().matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm)
  return new Map(
    Array.from(lines, ([, name = '', labels = '', value]) => [`${name}{${labels.split(',').toSorted().join(',')}}`, Number(value)]),
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
