import { describe, expect, it } from 'vitest'
import { createNetwork, defineStream, MosaikError, randomId } from '../src/index.ts'
import type { NetworkOptions } from '../src/index.ts'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const TCP = '/ip4/127.0.0.1/tcp/0'
const Readings = defineStream<{ readonly celsius: number }>('sensor.readings')

const start = (name: string, bootstrap: readonly string[] = [], options: NetworkOptions = {}) =>
  createNetwork(name, { listen: [QUIC], ...options, discovery: { bootstrap, ...options.discovery } })

describe('createNetwork', () => {
  it('is ready at once with nobody else there, at addresses that can be dialled', async () => {
    const begun = performance.now()
    await using network = await createNetwork(randomId(), {})
    expect(performance.now() - begun).toBeLessThan(1_000 * Number(process.env['TIME_FACTOR'] ?? 1))
    expect(network.local.addresses.length).toBeGreaterThan(0)
    for (const address of network.local.addresses) {
      expect(address).toMatch(new RegExp(`/p2p/${network.local.id}$`))
      expect(address).not.toMatch(/\/ip4\/0\.0\.0\.0\/|\/ip6\/::\//)
    }
  })

  it.each([
    ['QUIC', [QUIC]],
    ['TCP', [TCP]],
  ])('finds another node by one address and streams over %s', async (_transport, listen) => {
    const name = randomId()
    await using first = await start(name, [], { listen })
    await using second = await start(name, first.local.addresses.slice(0, 1), { listen })
    await using consumer = first.streams.consume(Readings)
    await using producer = second.streams.produce(Readings)
    await producer.send({ celsius: 21 })
    expect(await consumer.receive()).toEqual({ celsius: 21 })
    expect(first.discovery.catalog.value.get(second.local.id)?.streams.has(Readings.id)).toBe(true)
  })

  it('keeps networks of other names apart', async () => {
    await using ours = await start(randomId())
    await using theirs = await start(randomId())
    const refused = await ours.discovery.syncWith(theirs.local.addresses[0] ?? '').catch((error: unknown) => error)
    expect(MosaikError.is(refused, 'ERR_DIFFERENT_NETWORK')).toBe(true)
    expect([ours.discovery.catalog.value.size, theirs.discovery.catalog.value.size]).toEqual([0, 0])
  })

  it('delivers what was sent before it closes, and tells the other side so', async () => {
    const name = randomId()
    await using first = await start(name)
    const second = await start(name, first.local.addresses)
    await using consumer = first.streams.consume(Readings)
    const producer = second.streams.produce(Readings)
    await producer.when.subscribed()
    const channel = producer.consumers[0]
    for (let celsius = 0; celsius < 500; celsius += 1) await producer.send({ celsius })
    await second.close()
    const received: number[] = []
    for (let n = 0; n < 500; n += 1) received.push((await consumer.receive()).celsius)
    expect(received).toEqual(Array.from({ length: 500 }, (_, celsius) => celsius))
    expect(await channel?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
    await first.discovery.catalog.until((catalog) => !catalog.has(second.local.id))
  })

  it('rejects every wait with ERR_CLOSED when it closes, and closes once', async () => {
    const network = await start(randomId())
    const waits = [network.local.online(), network.discovery.catalog.until(() => false), network.streams.consume(Readings).receive()]
    const settled = Promise.allSettled(waits)
    await Promise.all([network.close(), network.close()])
    for (const result of await settled) {
      expect(result.status).toBe('rejected')
      expect(MosaikError.is((result as PromiseRejectedResult).reason, 'ERR_CLOSED')).toBe(true)
    }
    await network.close()
  })

  it('keeps the bound of close when a consumer does not read', async () => {
    const name = randomId()
    await using reader = await start(name)
    const writer = await start(name, reader.local.addresses)
    await using _consumer = reader.streams.consume(Readings, { bufferSize: 1 })
    const producer = writer.streams.produce(Readings, { lagging: 'wait', bufferSize: 64 })
    await producer.when.subscribed()
    while (producer.trySend({ celsius: 1 }).ok);
    const begun = performance.now()
    await writer.close({ timeout: 500 })
    expect(performance.now() - begun).toBeLessThan(3_000 * Number(process.env['TIME_FACTOR'] ?? 1))
  })

  it('is cut short by its signal', async () => {
    const reason = new Error('changed my mind')
    await expect(createNetwork(randomId(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('options', () => {
  it.each<[string, NetworkOptions]>([
    ['listen', { listen: ['nonsense'] }],
    ['announceInterval', { discovery: { announceInterval: -1 } }],
    ['announceJitter', { discovery: { announceJitter: 2 } }],
    ['bootstrap', { discovery: { bootstrap: 'nonsense' } }],
    ['zeroConfig', { zeroConfig: 'yes' as unknown as boolean }],
    ['relay', { relay: { servers: ['nonsense'] } }],
  ])('refuses a bad %s and names it', async (option, options) => {
    const refused = await createNetwork(randomId(), { listen: [QUIC], ...options }).catch((error: unknown) => error)
    expect(MosaikError.is(refused, 'ERR_INVALID_OPTION')).toBe(true)
    expect((refused as Error).message).toContain(option)
  })
})
