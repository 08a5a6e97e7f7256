import { assert, backoff, check, MosaikError, peerIdOf, secretKey, seededPrng, toMs } from '@mosaik/core'
import type { Duration } from '@mosaik/core'
import { systemPrng } from '@mosaik/core/system'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { caught } from './support/caught.ts'

const refusal = (run: () => unknown): string => {
  const error = caught(run)
  expect(error.code).toBe('ERR_INVALID_OPTION')
  return error.message
}

describe('durations', () => {
  test.each<[Duration, number]>([[0, 0], [250, 250], ['250ms', 250], ['15s', 15_000], ['1.5s', 1500], ['5m', 300_000], ['0s', 0]])('%s', (text, ms) => expect(toMs(text)).toBe(ms)) // prettier-ignore
  test.each([
    -1,
    Infinity,
    NaN,
    '',
    '5',
    's',
    '5h',
    ' 5s',
    '5 s',
    '-5s',
    '1e3s',
    '5S',
    '0x5s',
    '.5s',
    null,
    undefined,
    {},
    `${'9'.repeat(400)}s`,
  ])('not %s', (value) => {
    refusal(() => toMs(value as Duration))
  })
})

describe('check', () => {
  test('duration', () => {
    expect(check.duration('interval', '15s')).toBe(15_000)
    expect(check.duration('interval', undefined, { default: '2s' })).toBe(2000)
    expect(check.duration('interval', undefined, { default: undefined })).toBeUndefined()
    expect(refusal(() => check.duration('announceInterval', '5ms', { min: '1s', max: '1m' }))).toBe(
      "announceInterval is \"5ms\"; it must be a duration from 1s to 1m (milliseconds, or '250ms', '15s', '5m')",
    )
    expect(refusal(() => check.duration('interval', undefined))).toContain('interval is missing')
    expectTypeOf(check.duration('x', 1, { default: 5 })).toEqualTypeOf<number>()
    expectTypeOf(check.duration('x', 1, { default: undefined })).toEqualTypeOf<number | undefined>()
    expectTypeOf(check.duration('x', 1)).toEqualTypeOf<number>()
  })

  test('integer and number', () => {
    expect(check.integer('size', 5, { min: 1, max: 5 })).toBe(5)
    expect(check.number('jitter', 0.5, { min: 0, max: 1 })).toBe(0.5)
    expect(refusal(() => check.integer('size', 1.5, { min: 1 }))).toBe('size is 1.5; it must be an integer of at least 1')
    expect(refusal(() => check.integer('size', 2 ** 53))).toContain('an integer of any size')
    for (const value of [Infinity, NaN, '1', 1n, null]) refusal(() => check.number('jitter', value as never))
    expectTypeOf(check.integer('x', undefined, { default: 1 })).toEqualTypeOf<number>()
  })

  test('options, callback, having', () => {
    const [given, run] = [{ a: 1 }, (): void => {}]
    expect(check.options('options', given)).toBe(given)
    expect(check.options('options', undefined)).toEqual({})
    expect(refusal(() => check.options('options', null as never))).toBe('options is null; it must be an object of options')
    expect(refusal(() => check.options('options', ['a']))).toContain('options is a list of 1')
    expect([check.callback('require', run), check.callback('require', undefined)]).toEqual([run, undefined])
    expect(refusal(() => check.callback('require', 7))).toBe('require is 7; it must be a function')
    const logger = { info: run }
    expect([check.having('logger', logger, ['info']), check.having('logger', undefined, [])]).toEqual([logger, undefined])
    expect(refusal(() => check.having('logger', {} as typeof logger, ['info']))).toBe(
      'logger is an object; it must be an object with the methods info',
    )
    expect(refusal(() => check.having('logger', null as never, ['info']))).toContain('logger is null')
  })

  test('boolean, text, oneOf', () => {
    expect(check.boolean('mdns', undefined, { default: false })).toBe(false)
    expect(check.text('name', 'a')).toBe('a')
    refusal(() => check.text('name', ''))
    expect(check.text('name', '', { min: 0 })).toBe('')
    expectTypeOf(check.oneOf('lagging', 'wait', ['disconnect', 'drop', 'wait'])).toEqualTypeOf<'disconnect' | 'drop' | 'wait'>()
    expect(check.oneOf('lagging', undefined, ['drop', 'wait'], { default: 'wait' })).toBe('wait')
    expect(refusal(() => check.oneOf('lagging', 'dorp', ['drop', 'wait']))).toBe('lagging is "dorp"; it must be one of "drop", "wait"')
  })

  test('list', () => {
    expect(check.list('tags', undefined, check.text)).toEqual([])
    expect(check.list('tags', 'a', check.text)).toEqual(['a'])
    expect(check.list('tags', ['a', 'b'], check.text)).toEqual(['a', 'b'])
    expect(refusal(() => check.list('tags', ['a', 7], check.text))).toContain('tags[1] is 7')
    expect(refusal(() => check.list('tags', 7, check.text))).toContain('tags is 7')
    expect(refusal(() => check.list('tags', ['a', 'b'], check.text, { max: 1 }))).toBe(
      'tags is "2 items"; it must be a list with a length of at most 1',
    )
  })

  test('address and peer id', () => {
    const id = peerIdOf(secretKey('a'))
    expect(check.address('bootstrap', '/ip4/1.2.3.4/udp/1/quic-v1')).toBe('/ip4/1.2.3.4/udp/1/quic-v1')
    expect(check.address('bootstrap', `/ip4/1.2.3.4/udp/1/quic-v1/p2p/${id}`, { peer: 'required' })).toContain(id)
    expect(refusal(() => check.address('bootstrap', '/ip4/1.2.3.4/udp/1/quic-v1', { peer: 'required' }))).toContain('/p2p/<peer id>')
    expect(check.peerId('peer', id)).toBe(id)
    refusal(() => check.peerId('peer', 'x'))
  })

  test('what came is shown briefly, whatever it is', () => {
    expect(refusal(() => check.integer('x', 'y'.repeat(10_000) as never)).length).toBeLessThan(200)
    for (const value of [Symbol('s'), {}, [], () => 1, 5n, null]) refusal(() => check.integer('x', value as never))
  })
})

test('assert', () => {
  assert(1, 'fine')
  expect(caught(() => assert(0, 'one is zero'))).toMatchObject({ code: 'ERR_ASSERTION' })
})

describe('MosaikError', () => {
  test('is recognised across copies, by name and code', () => {
    const error = new MosaikError('ERR_CLOSED', 'x', { cause: 1, datum: undefined, value: 2 })
    expect(MosaikError.is(error)).toBe(true)
    expect(MosaikError.is(error, 'ERR_CLOSED')).toBe(true)
    expect(MosaikError.is(error, 'ERR_OFFLINE')).toBe(false)
    const foreign = Object.assign(new Error('x'), { name: 'MosaikError', code: 'ERR_CLOSED' })
    expect(MosaikError.is(foreign, 'ERR_CLOSED')).toBe(true)
    for (const other of [new Error('x'), { name: 'MosaikError', code: 'ERR_CLOSED' }, null, undefined, 'x'])
      expect(MosaikError.is(other)).toBe(false)
    expect([error.cause, error.value, 'datum' in error]).toEqual([1, 2, true])
    expect(Object.keys(new MosaikError('ERR_CLOSED', 'x'))).not.toContain('cause')
  })
})

describe('backoff', () => {
  const take = (n: number, it: Iterator<number>): number[] => Array.from({ length: n }, () => it.next().value as number)

  test('grows to its maximum', () => {
    expect(take(5, backoff({ initial: 100, factor: 2, max: 500, jitter: 0 }, seededPrng(1)))).toEqual([100, 200, 400, 500, 500])
    expect(take(2, backoff({ initial: 900, factor: 2, max: 500, jitter: 0 }, seededPrng(1)))).toEqual([500, 500])
  })

  test('jitter stays in its band and depends on the seed alone', () => {
    const policy = { initial: 100, factor: 1, max: 100, jitter: 0.5 }
    const delays = take(1000, backoff(policy, seededPrng('a')))
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50)
    expect(Math.max(...delays)).toBeLessThanOrEqual(150)
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(90)
    expect(take(1000, backoff(policy, seededPrng('a')))).toEqual(delays)
    expect(take(3, backoff(policy, seededPrng('b')))).not.toEqual(delays.slice(0, 3))
  })

  test('never overflows', () => {
    const delays = backoff({ initial: 1, factor: 10, max: 60_000, jitter: 0 }, seededPrng(1))
    expect(take(5000, delays).at(-1)).toBe(60_000)
  })
})

describe.each([
  ['seeded', () => seededPrng('test')],
  ['system', () => systemPrng],
] as const)('%s randomness', (_name, make) => {
  const prng = make()
  test('is uniform enough', () => {
    const buckets = new Array<number>(16).fill(0)
    const n = 16_000
    for (let i = 0; i < n; i++) buckets[prng.uint32() >>> 28]!++
    for (const count of buckets) expect(Math.abs(count - n / 16)).toBeLessThan(250)
    let sum = 0
    for (let i = 0; i < n; i++) {
      const float = prng.float()
      expect(float).toBeGreaterThanOrEqual(0)
      expect(float).toBeLessThan(1)
      sum += float
    }
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(0.02)
  })

  test('bytes are fresh and plain', () => {
    for (const length of [0, 1, 3, 4, 5, 5000]) expect(prng.bytes(length)).toHaveLength(length)
    const [a, b] = [prng.bytes(32), prng.bytes(32)]
    expect(a).not.toEqual(b)
    expect(a.buffer.byteLength).toBe(32)
    expect(a.constructor).toBe(Uint8Array)
  })
})

describe('seededPrng', () => {
  test('golden: the sequence of a seed never changes', () => {
    const prng = seededPrng('mosaik')
    expect([prng.uint32(), prng.uint32(), prng.uint32(), prng.uint32()]).toEqual([3427528166, 171506368, 2141542290, 1301604113])
  })

  test('seeds of different type or value differ', () => {
    const first = (seed: string | number | bigint): number => seededPrng(seed).uint32()
    expect(new Set([first(1), first('1'), first(1n), first(2), first('')]).size).toBe(5)
    fc.assert(fc.property(fc.string(), (seed) => first(seed) === first(seed)))
  })
})
