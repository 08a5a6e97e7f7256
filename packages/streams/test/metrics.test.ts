import { createLink, createMetrics, createTicket, MosaikError, shortId, uniqueId } from '@mosaik/core'
import type { Metrics, TicketValidator } from '@mosaik/core'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { MAX_REQUEST_BYTES, PROTOCOL } from '../src/wire/protocol.ts'
import { range, scenario, take } from './support/world.ts'

const Numbers = defineStream<{ n: number }>('numbers')

/** The sample of a series in a Prometheus text. */
function sample(text: string, name: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name}{`) || one.startsWith(`${name}_total{`))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
}

test('items are counted once, gauges count what is open', () =>
  scenario(async ({ world }) => {
    const [here, there] = [createMetrics(), createMetrics()]
    const a = await world.node({ metrics: here })
    const b = await world.node({ metrics: there })
    const producer = a.streams.produce(Numbers, { bufferSize: 2, lagging: 'drop', maxConsumers: 1 })
    const consumer = b.streams.consume(Numbers, { bufferSize: 2 })
    await consumer.when.subscribed()
    const refused = b.streams.consume(Numbers, { where: { n: 9 }, backoff: { initial: '10m', max: '10m' } })
    await world.pass('100ms')
    for (const n of range(0, 3)) await producer.send({ n })
    expect(await take(consumer, 3)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
    await world.pass('100ms')
    const bytes = producer.stats.bytes
    const of = (metrics: typeof here, name: string): number | undefined => sample(metrics.text(), `mosaik_streams_${name}`)
    expect(here.text()).toContain(`stream="${shortId(Numbers.id)}"`)
    expect(of(here, 'producers_active')).toBe(1)
    expect(of(here, 'producer_consumers')).toBe(1)
    expect(of(here, 'producer_consumers_accepted')).toBe(1)
    expect(of(here, 'producer_consumers_rejected')).toBe(1)
    expect(of(here, 'producer_items_sent')).toBe(3)
    expect(of(here, 'producer_bytes_sent')).toBe(bytes)
    expect(of(here, 'connections_accepted')).toBe(1)
    expect(of(here, 'connections_rejected')).toBe(1)
    expect(of(here, 'datums_total') ?? of(here, 'datums')).toBe(3)
    expect(of(there, 'consumers_active')).toBe(2)
    expect(of(there, 'consumer_producers')).toBe(1)
    expect(of(there, 'consumer_items_received')).toBe(3)
    expect(of(there, 'consumer_bytes_received')).toBe(bytes)
    expect(of(there, 'datums_total') ?? of(there, 'datums')).toBe(3)
    await refused.close()
    await consumer.close()
    await producer.close()
    for (const [metrics, name] of [
      [here, 'producers_active'],
      [here, 'producer_consumers'],
      [there, 'consumers_active'],
      [there, 'consumer_producers'],
    ] as const) {
      expect(of(metrics, name)).toBe(0)
    }
  }))

/** `a.b.c`, `.d` → a.b.c and a.b.d, `a.b.c`, `.d.e` → a.b.c and a.d.e */
function names(cell: string): string[] {
  const [first = '', ...more] = Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name ?? '')
  const parts = first.split('.')
  return [first, ...more.map((end) => (end.startsWith('.') ? [...parts.slice(0, 1 - end.split('.').length), end.slice(1)].join('.') : end))]
}

test('the README lists every metric, with its kind', () =>
  scenario(async ({ world }) => {
    const found = new Set<string>()
    const real = createMetrics()
    const metrics: Metrics = {
      text: () => real.text(),
      counter: (name, labels) => (found.add(`counter ${name}`), real.counter(name, labels)),
      gauge: (name, labels) => (found.add(`gauge ${name}`), real.gauge(name, labels)),
      histogram: (name, labels) => (found.add(`histogram ${name}`), real.histogram(name, labels)),
    }
    const a = await world.node({ metrics })
    const never: TicketValidator = { class: uniqueId('pass'), signature: uniqueId('pass, never'), validate: () => 0 }
    a.streams.produce(Numbers, { requireTicket: never })
    a.streams.consume(Numbers, { includeLocal: true })
    await world.pass('1s')
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const listed = Array.from(readme.matchAll(/^\| (`mosaik\.[^|]+) \| (counter|gauge) \|/gm), ([, cell = '', kind]) =>
      names(cell).map((name) => `${kind} ${name}`),
    ).flat()
    const ofStreams = [...found].filter((name) => name.includes(' mosaik.streams.'))
    expect(listed.toSorted()).toEqual(ofStreams.toSorted())
  }))

test('a peer that breaks the framing is counted', () =>
  scenario(async ({ world, b }) => {
    const metrics = createMetrics()
    const a = await world.node({ metrics })
    await world.pass('100ms')
    const stream = await b.endpoint.open(a.endpoint.addresses[0] ?? '', PROTOCOL)
    createLink(stream, { clock: b.endpoint.clock }).send(new Uint8Array(MAX_REQUEST_BYTES + 1))
    await world.pass('1s')
    expect(metrics.text()).toMatch(/^mosaik_links_violations(_total)?\{protocol="\/mosaik\/streams\/1.0"\} 1$/m)
  }))

test('refused tickets are counted by reason and logged, once for each change of the peer', () =>
  scenario(async ({ world }) => {
    const metrics = createMetrics()
    const lines: string[] = []
    const line = (...parts: unknown[]): void => void lines.push(parts.join(' '))
    const logger = { debug() {}, info: line, warn: line, error: line }
    const Pass: TicketValidator = {
      class: uniqueId('pass'),
      signature: uniqueId('pass, dated'),
      validate(data, { now }) {
        const text = new TextDecoder().decode(data)
        if (text === 'forged') throw new Error('the seal is broken')
        if (Number(text) <= now) throw new MosaikError('ERR_INVALID_TICKET', 'out of date', { value: { reason: 'expired' } })
        return Number(text)
      },
    }
    const a = await world.node({ metrics, logger })
    const b = await world.node({ metrics: createMetrics() })
    const producer = a.streams.produce(Numbers, { requireTicket: Pass })
    b.streams.consume(Numbers, { backoff: { initial: '100ms', max: '1s' } })
    const counts = (): Record<string, number> =>
      Object.fromEntries(
        Array.from(metrics.text().matchAll(/^mosaik_streams_tickets_refused(?:_total)?\{.*reason="([^"]+)".*\} (\d+)$/gm), (found) => [
          found[1] ?? '',
          Number(found[2]),
        ]),
      )
    const refusals = (): number => lines.filter((text) => text.includes('refused')).length
    await world.pass('30s')
    expect(counts()).toEqual({ missing: 1 })
    expect(refusals()).toBe(1)
    b.discovery.announce() // says nothing new
    await world.pass('30s')
    expect(counts()).toEqual({ missing: 1 })
    b.discovery.replaceTicket(createTicket('pass', 'forged'))
    await world.pass('30s')
    expect(counts()).toEqual({ missing: 1, invalid: 1 })
    expect(lines.at(-1)).toContain('the seal is broken')
    b.discovery.replaceTicket(createTicket('pass', String(a.endpoint.clock.now() + 10_000)))
    await producer.when.subscribed()
    expect(refusals()).toBe(2)
    await world.pass('60s')
    expect(counts()).toEqual({ missing: 1, invalid: 1, expired: 1 })
    expect(refusals()).toBe(3)
    expect(producer.consumers).toEqual([])
  }))
