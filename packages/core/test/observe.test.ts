import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { componentLogger, createMetrics, noMetrics, silentLogger } from '@mosaik/core'
import type { Logger } from '@mosaik/core'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'

describe('metrics', () => {
  test('the text of every kind', () => {
    const metrics = createMetrics()
    metrics.counter('mosaik.streams.items.sent', { stream: 'b', network: 'a' }).add()
    metrics.counter('mosaik.streams.items.sent', { network: 'a', stream: 'b' }).add(2)
    metrics.gauge('mosaik.groups.active').set(3)
    metrics.gauge('mosaik.groups.active').add(-1)
    const latency = metrics.histogram('latency', { op: 'x' }, [0.1, 1])
    for (const value of [0.05, 0.1, 0.5, 7]) latency.observe(value)
    expect(metrics.text()).toBe(
      [
        '# TYPE mosaik_streams_items_sent counter',
        'mosaik_streams_items_sent{network="a",stream="b"} 3',
        '# TYPE mosaik_groups_active gauge',
        'mosaik_groups_active 2',
        '# TYPE latency histogram',
        'latency_bucket{op="x",le="0.1"} 2',
        'latency_bucket{op="x",le="1"} 3',
        'latency_bucket{op="x",le="+Inf"} 4',
        'latency_sum{op="x"} 7.65',
        'latency_count{op="x"} 4',
        '',
      ].join('\n'),
    )
    expect(createMetrics().text()).toBe('')
  })

  test('label values are escaped, so that nobody can write a line of his own', () => {
    const metrics = createMetrics()
    metrics.counter('x', { name: 'a"b\\c\nd 1' }).add()
    expect(metrics.text()).toBe('# TYPE x counter\nx{name="a\\"b\\\\c\\nd 1"} 1\n')
  })

  test('odd numbers are written as Prometheus reads them', () => {
    const metrics = createMetrics()
    for (const [name, value] of Object.entries({ a: Infinity, b: -Infinity, c: NaN, d: 1e21 })) metrics.gauge(name).set(value)
    expect(metrics.text().match(/^[a-d] .*$/gm)).toEqual(['a +Inf', 'b -Inf', 'c NaN', 'd 1e+21'])
  })

  test('who counts in batches is asked before the text is made, once, unless it was faster', () => {
    const metrics = createMetrics()
    const counter = metrics.counter('items')
    const tell = (): void => counter.add(3)
    metrics.beforeText?.(tell)
    metrics.beforeText?.(tell)
    metrics.beforeText?.(() => counter.add(100))()
    expect(metrics.text()).toContain('items 3\n')
    expect(metrics.text()).toContain('items 3\n')
  })

  test('a name keeps its kind, also across dots and underscores', () => {
    const metrics = createMetrics()
    metrics.counter('a.b')
    expect(caught(() => metrics.gauge('a.b')).message).toBe('the metric a.b is a counter; it cannot be a gauge too')
    expect(caught(() => metrics.histogram('a_b')).code).toBe('ERR_INVALID_OPTION')
  })

  test('malformed names, labels, buckets and decrements are refused', () => {
    const metrics = createMetrics()
    for (const name of ['', '1a', 'a b', 'a\nb', 'ä']) expect(caught(() => metrics.counter(name)).code).toBe('ERR_INVALID_OPTION')
    expect(caught(() => metrics.counter('x', { 'a b': '1' })).code).toBe('ERR_INVALID_OPTION')
    for (const buckets of [[1, 1], [2, 1], [NaN]]) expect(caught(() => metrics.histogram('h', {}, buckets)).code).toBe('ERR_INVALID_OPTION')
    for (const n of [-1, NaN]) expect(caught(() => metrics.counter('x').add(n)).code).toBe('ERR_INVALID_OPTION')
    expect(metrics.text()).not.toContain('NaN')
  })

  test('labels that never end do not fill the memory: the rest is shared, and said', () => {
    const metrics = createMetrics({ maxSeries: 3 })
    for (let i = 0; i < 10; i++) metrics.counter('peers', { id: String(i) }).add()
    metrics.counter('peers', { id: '0' }).add()
    const lines = metrics.text().split('\n')
    expect(lines).toContain('peers{id="0"} 2')
    expect(lines).toContain('peers{id="2"} 1')
    expect(lines).toContain('peers{overflow="true"} 7')
    expect(lines).toContain('mosaik_metrics_overflowed 7')
    metrics.gauge('still_there').set(1)
    expect(metrics.text()).toContain('still_there 1')
  })

  test('labels of the registry are on every series', () => {
    const metrics = createMetrics({ labels: { network: 'n' } })
    metrics.counter('x').add()
    metrics.counter('x', { a: '1' }).add()
    expect(metrics.text()).toBe('# TYPE x counter\nx{network="n"} 1\nx{a="1",network="n"} 1\n')
  })

  test('two registries do not notice each other; none counts nothing', () => {
    const [a, b] = [createMetrics(), createMetrics()]
    a.counter('x').add()
    expect(b.text()).toBe('')
    noMetrics.counter('x').add()
    noMetrics.gauge('x').set(1)
    noMetrics.histogram('x').observe(1)
    expect(noMetrics.text()).toBe('')
  })
})

describe('logger', () => {
  test('a component has its own where it can', () => {
    const made: string[] = []
    const parent: Logger = { ...silentLogger, forComponent: (name) => (made.push(name), silentLogger) }
    expect(componentLogger(parent, 'mosaik:discovery')).toBe(silentLogger)
    expect(made).toEqual(['mosaik:discovery'])
    const plain: Logger = { debug() {}, info() {}, warn() {}, error() {} }
    expect(componentLogger(plain, 'x')).toBe(plain)
    silentLogger.error('nothing')
  })

  const run = (debug: string | undefined): string[] => {
    const program = fileURLToPath(new URL('support/log-all.ts', import.meta.url))
    const { DEBUG: _inherited, ...env } = process.env
    const result = spawnSync(process.execPath, ['--conditions=@mosaik/source', program], {
      env: { ...env, ...(debug === undefined ? {} : { DEBUG: debug }) },
      encoding: 'utf8',
    })
    expect([result.status, result.stdout]).toEqual([0, ''])
    return result.stderr.split('\n').filter(Boolean).map((line) => /mosaik\S*/.exec(line)?.[0] ?? line) // prettier-ignore
  }

  test('systemLogger is silent until DEBUG selects it', { timeout: 60_000 }, () => {
    expect(run(undefined)).toEqual([])
    expect(run('other:*')).toEqual([])
    expect(run('mosaik:*')).toEqual(['mosaik:warn', 'mosaik:error', 'mosaik:part', 'mosaik:part:warn', 'mosaik:part:error'])
    expect(run('mosaik:part,mosaik:part:trace')).toEqual(['mosaik:part:trace', 'mosaik:part'])
    expect(run('mosaik*,mosaik*:trace')).toHaveLength(8)
  })
})
