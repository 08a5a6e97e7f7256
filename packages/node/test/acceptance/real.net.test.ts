import { createMetrics, generateSecretKey, peerIdOf, randomId, uniqueId } from '@mosaik/core'
import type { Duration, Logger, Ticket } from '@mosaik/core'
import { issueJwt, jwtValidator } from '@mosaik/core/jwt'
import type { JwtKey } from '@mosaik/core/jwt'
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createNetwork } from '@mosaik/node'
import type { Network, NetworkOptions } from '@mosaik/node'
import { createStreams, defineStream } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { codeOf, metric, outcome, take } from './support.ts'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const TCP = '/ip4/127.0.0.1/tcp/0'
const factor = Number(process.env['TIME_FACTOR'] ?? 1)
const Ticks = defineStream<number>('ticks')
const PROTOCOLS = ['/mosaik/discovery/sync/1.0', '/mosaik/discovery/ping/1.0', '/mosaik/streams/1.0']

const start = (name: string, bootstrap: readonly string[] = [], options: NetworkOptions = {}): Promise<Network> =>
  createNetwork(name, { listen: [QUIC], ...options, discovery: { bootstrap, ...options.discovery } })
const soon = (): AbortSignal => AbortSignal.timeout(15_000 * factor)
const known = (node: Network, other: { readonly local: { readonly id: string } }): Promise<unknown> =>
  node.discovery.catalog.until((catalog) => catalog.has(other.local.id as never), { signal: soon() })

describe('composed from three calls', () => {
  it('is a working node, and the floors close in any order', async () => {
    const name = randomId()
    await using hub = await start(name)
    for (const order of [
      ['streams', 'discovery', 'endpoint'],
      ['endpoint', 'discovery', 'streams'],
      ['discovery', 'endpoint', 'streams'],
    ] as const) {
      const endpoint = await createEndpoint(name, { listen: [QUIC] })
      const discovery = await createDiscovery(endpoint, { bootstrap: hub.local.addresses[0]! })
      const streams = createStreams(discovery)
      const floors = { endpoint, discovery, streams }
      const consumer = streams.consume(Ticks)
      const producer = hub.streams.produce(Ticks)
      await producer.send(1, { signal: soon() })
      expect(await consumer.receive({ signal: soon() })).toBe(1)
      const waits = [
        consumer.receive(),
        discovery.catalog.until(() => false),
        endpoint.addressesWatch.until(() => false),
        consumer.when.subscribed({ minimumOf: 2 }),
      ].map((wait) => codeOf(wait))
      const begun = performance.now()
      for (const floor of order) await floors[floor].close()
      expect(performance.now() - begun).toBeLessThan(8_000 * factor)
      expect(await Promise.all(waits)).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED'])
      await producer.close()
    }
  })

  it('an endpoint alone carries bytes both ways as Web streams', async () => {
    const name = randomId()
    await using a = await createEndpoint(name, { listen: [QUIC] })
    await using b = await createEndpoint(name, { listen: [TCP] })
    b.handle('/echo/1', (stream) => void stream.readable.pipeTo(stream.writable).catch(() => {}))
    const stream = await a.open(b.addresses[0]!, '/echo/1', { signal: soon() })
    expect(stream.peerId).toBe(b.id)
    const sent = new Uint8Array(300_000).map((_, i) => i)
    void new Blob([sent]).stream().pipeTo(stream.writable)
    expect(Buffer.compare(Buffer.from(await new Response(stream.readable).arrayBuffer()), sent)).toBe(0)
    const cut = await a.open(b.id, '/echo/1', { signal: soon() })
    const reader = cut.readable.getReader()
    const read = outcome(reader.read())
    cut.abort('enough')
    expect(await read).toBeInstanceOf(Error)
    const reason = new Error('mine')
    expect(await outcome(a.open(b.id, '/echo/1', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(await codeOf(a.open('nonsense', '/echo/1'))).toBe('ERR_INVALID_OPTION')
    await b.close()
    expect(await codeOf(b.open(a.id, '/echo/1'))).toBe('ERR_CLOSED')
  })
})

describe('nodes of one process', () => {
  it('of the same and of other networks do not notice each other; each has its own metrics', async () => {
    const [one, two] = [randomId(), randomId()]
    const [mine, theirs] = [createMetrics(), createMetrics()]
    await using a = await start(one, [], { metrics: mine })
    await using b = await start(two, a.local.addresses, { metrics: theirs })
    await using c = await start(one, [...b.local.addresses, ...a.local.addresses])
    await using d = await start(two, b.local.addresses)
    await Promise.all([known(a, c), known(c, a), known(b, d), known(d, b)])
    const [mineSaid, theirsSaid] = [a.streams.consume(Ticks), d.streams.consume(Ticks)]
    await Promise.all([c.streams.produce(Ticks).send(1, { signal: soon() }), b.streams.produce(Ticks).send(2, { signal: soon() })])
    expect(await Promise.all([mineSaid.receive({ signal: soon() }), theirsSaid.receive({ signal: soon() })])).toEqual([1, 2])
    expect([a, b, c, d].map((node) => node.discovery.catalog.value.size)).toEqual([1, 1, 1, 1])
    expect(metric(mine, 'mosaik_streams_consumer_items_received')).toBe(1)
    expect(metric(theirs, 'mosaik_streams_consumer_items_received')).toBeUndefined()
    expect(metric(theirs, 'mosaik_streams_producers_active')).toBe(1)
  })

  it('that listen nowhere produce for those that do, over the connection they made', async () => {
    const name = randomId()
    await using hub = await start(name)
    await using leaf = await start(name, hub.local.addresses, { listen: [] })
    expect(leaf.local.addresses).toEqual([])
    const consumer = hub.streams.consume(Ticks)
    const producer = leaf.streams.produce(Ticks)
    for (const n of [1, 2, 3]) await producer.send(n, { signal: soon() })
    expect(await take(consumer, 3)).toEqual([1, 2, 3])
  })

  it('are reached at every address they name', async () => {
    const name = randomId()
    await using a = await createNetwork(name) // every interface
    await using b = await start(name, [], { listen: [QUIC, TCP] })
    expect(a.local.addresses.length).toBeGreaterThan(0)
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const address of to.local.addresses) {
        expect(address.endsWith(`/p2p/${to.local.id}`)).toBe(true)
        await from.discovery.syncWith(address, { signal: soon() })
      }
    }
  })

  it('start again with the same key and are the same peer', async () => {
    const name = randomId()
    const secretKey = generateSecretKey()
    await using hub = await start(name)
    const consumer = hub.streams.consume(Ticks)
    for (let run = 0; run < 2; run += 1) {
      await using node = await start(name, hub.local.addresses, { secretKey })
      expect(node.local.id).toBe(peerIdOf(secretKey))
      await node.streams.produce(Ticks).send(run, { signal: soon() })
      expect(await consumer.receive({ signal: soon() })).toBe(run)
    }
  })
})

describe('over the wire', () => {
  it('a datum of 16 MiB arrives whole, with small ones around it', async () => {
    const name = randomId()
    const Bytes = defineStream('bytes', { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes })
    await using a = await start(name)
    await using b = await start(name, a.local.addresses)
    const consumer = b.streams.consume(Bytes)
    const producer = a.streams.produce(Bytes)
    const large = new Uint8Array(16 * 1024 * 1024).map((_, i) => i * 7)
    for (const bytes of [Uint8Array.of(1), large, Uint8Array.of(2)]) await producer.send(bytes, { signal: soon() })
    const [first, middle, last] = await take(consumer, 3)
    expect([first, last]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    expect(Buffer.compare(middle!, large)).toBe(0)
  })

  it('a JWT lets in while it holds, renewal does not interrupt, and its end is NotAllowed', async () => {
    const name = randomId()
    const key: JwtKey = { alg: 'HS256', key: 'ab'.repeat(32) }
    const guard = jwtValidator({ keys: [key], issuers: ['acceptance'], maxLifetime: '10m' })
    await using a = await start(name)
    await using b = await start(name, a.local.addresses)
    const ticket = (expiresIn: Duration): Ticket => issueJwt({ key, peer: b.local.id, issuer: 'acceptance', expiresIn })
    const producer = a.streams.produce(Ticks, { requireTicket: guard })
    b.streams.consume(Ticks)
    b.discovery.addTicket(issueJwt({ key, peer: a.local.id, issuer: 'acceptance' })) // somebody else's
    b.discovery.replaceTicket(ticket('1500ms'))
    await producer.when.subscribed({ signal: soon() })
    const channel = producer.consumers[0]!
    const begun = performance.now()
    b.discovery.replaceTicket(ticket('2500ms'))
    const { code, name: why } = await channel.closed
    expect([code, why]).toEqual([10403, 'NotAllowed'])
    expect(performance.now() - begun).toBeGreaterThan(2_000)
    b.discovery.replaceTicket(ticket('5m'))
    await producer.when.subscribed({ signal: soon() })
  })

  it('a consumer finds a producer through an entry by hand, without a peer id in its address', async () => {
    const name = randomId()
    await using a = await start(name)
    await using b = await start(name)
    const address = a.local.addresses[0]!.replace(/\/p2p\/.*/, '')
    b.discovery.insert({ peerId: a.local.id, addresses: [address], streams: ['ticks'] })
    const consumer = b.streams.consume(Ticks)
    await a.streams.produce(Ticks).send(1, { signal: soon() })
    expect(await consumer.receive({ signal: soon() })).toBe(1)
  })

  it('a name and its id are one network', async () => {
    const name = `named ${randomId()}`
    await using a = await start(name)
    await using b = await start(uniqueId(name).toUpperCase(), a.local.addresses)
    expect(b.id).toBe(a.id)
    await known(a, b)
  })
})

describe('the facade', () => {
  it('uses the logger it is given, for every floor, and nothing else', async () => {
    const lines: string[] = []
    const parts: string[] = []
    const write = (...args: unknown[]): void => void lines.push(args.join(' '))
    const logger: Logger = { debug: write, info: write, warn: write, error: write, forComponent: (part) => (parts.push(part), logger) }
    const name = randomId()
    await using a = await start(name, [], { logger })
    await using b = await start(name, a.local.addresses)
    const consumer = b.streams.consume(Ticks)
    await a.streams.produce(Ticks).send(1, { signal: soon() })
    await consumer.receive({ signal: soon() })
    expect(lines.length).toBeGreaterThan(0)
    expect(parts).toEqual(expect.arrayContaining(['mosaik:network', 'mosaik:discovery', 'mosaik:streams']))
  })

  it('takes a plain object with four methods for a logger', async () => {
    const lines: unknown[][] = []
    const add = (...args: unknown[]): void => void lines.push(args)
    const name = randomId()
    await using a = await start(name, [], { logger: { debug: add, info: add, warn: add, error: add } })
    await using b = await start(name, a.local.addresses)
    await known(a, b)
    expect(lines.length).toBeGreaterThan(0)
  })

  it('lets go of its signal once it has started', async () => {
    const name = randomId()
    const starting = new AbortController()
    await using a = await start(name, [], { signal: starting.signal })
    starting.abort(new Error('too late to matter'))
    await using b = await start(name, a.local.addresses)
    await known(b, a)
    const reason = new Error('not now')
    await expect(start(name, [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const cut = new AbortController()
    const begun = outcome(start(name, [], { signal: cut.signal }))
    cut.abort(reason)
    expect(await begun).toBe(reason)
  })

  it('online waits and nothing else does; it ends with its signal or the network', async () => {
    const a = await start(randomId())
    const reason = { mine: true }
    const cut = new AbortController()
    const [aborted, closed] = [outcome(a.local.online({ signal: cut.signal })), codeOf(a.local.online())]
    cut.abort(reason)
    expect(await aborted).toBe(reason)
    await a.close()
    expect(await closed).toBe('ERR_CLOSED')
  })

  it('says which address it could not have', async () => {
    await using a = await start(randomId(), [], { listen: [TCP] })
    const taken = a.local.addresses[0]!.replace(/\/p2p\/.*/, '')
    const error = (await outcome(start(randomId(), [], { listen: [taken] }))) as Error
    expect(error.message).toContain(taken)
  })
})

describe('strangers on the wire', () => {
  const hostile: readonly [string, (writer: WritableStreamDefaultWriter<Uint8Array>) => Promise<void> | void][] = [
    ['silence', () => {}],
    ['nothing but an end', (writer) => writer.close()],
    ['random bytes', (writer) => writer.write(crypto.getRandomValues(new Uint8Array(4096)))],
    ['zeros', (writer) => writer.write(new Uint8Array(4096))],
    ['the promise of 4 GiB', (writer) => writer.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3))],
    ['half a frame', (writer) => writer.write(Uint8Array.of(0, 0, 0, 200, 1))],
    ['deep CBOR', (writer) => writer.write(Uint8Array.of(0, 0, 3, 232, ...new Uint8Array(1000).fill(0x81)))],
  ]

  it('get a typed end or none at all, and disturb nobody', async () => {
    const name = randomId()
    await using victim = await start(name)
    await using friend = await start(name, victim.local.addresses)
    const consumer = friend.streams.consume(Ticks)
    const producer = victim.streams.produce(Ticks)
    await producer.when.subscribed({ signal: soon() })
    await using stranger = await createEndpoint(name, { listen: [] })
    const before = process.memoryUsage().arrayBuffers
    const open = []
    for (const protocol of PROTOCOLS) {
      for (const [, speak] of hostile) {
        for (let again = 0; again < 5; again += 1) {
          const stream = await stranger.open(victim.local.addresses[0]!, protocol, { signal: soon() })
          void stream.readable.pipeTo(new WritableStream()).catch(() => {})
          const writer = stream.writable.getWriter()
          writer.closed.catch(() => {})
          void outcome(Promise.resolve(speak(writer)))
          open.push(stream)
        }
      }
    }
    for (let n = 0; n < 100; n += 1) await producer.send(n, { signal: soon() })
    expect((await take(consumer, 100)).at(-1)).toBe(99)
    victim.discovery.addTags('still here')
    await friend.discovery.catalog.until((catalog) => catalog.get(victim.local.id)?.hasTag('still here') === true, { signal: soon() })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024)
    expect(open.length).toBe(PROTOCOLS.length * hostile.length * 5)
    const begun = performance.now()
    await victim.close()
    expect(performance.now() - begun).toBeLessThan(5_500 * factor)
  })

  it('cannot hold up a close', async () => {
    const name = randomId()
    const victim = await start(name)
    await using stranger = await createEndpoint(name, { listen: [] })
    for (const protocol of PROTOCOLS) await stranger.open(victim.local.addresses[0]!, protocol, { signal: soon() }) // and never read
    const begun = performance.now()
    await victim.close({ timeout: '500ms' })
    expect(performance.now() - begun).toBeLessThan(3_000 * factor)
  })
})
