import { createServer, type Server } from 'node:net'
import { createMetrics, generateSecretKey, peerIdOf, silentLogger, splitAddress } from '@mosaik/core'
import type { Endpoint } from '@mosaik/core'
import { afterEach, describe, expect, it } from 'vitest'
import { createEndpoint, type EndpointOptions } from '../src/index.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)
const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'

const endpoints: Endpoint[] = []
const servers: Server[] = []
afterEach(async () => {
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
  for (const server of servers.splice(0)) server.close()
})

async function start(options: EndpointOptions = {}): Promise<Endpoint> {
  const endpoint = await createEndpoint('dialer-test', { listen: [QUIC], logger: silentLogger, ...options })
  endpoints.push(endpoint)
  return endpoint
}

const plain = (endpoint: Endpoint): string => splitAddress(endpoint.addresses[0]!).address
const nobody = (): string => peerIdOf(generateSecretKey())

describe('dialling', () => {
  it('ten dead addresses before a good one cost little', async () => {
    const [a, b] = [await start(), await start()]
    const dead = Array.from({ length: 10 }, (_, i) => `/ip4/127.0.0.1/udp/${i + 1}/quic-v1`)
    a.learn(b.id, [...dead, plain(b)])
    const began = performance.now()
    await a.connect(b.id)
    expect(performance.now() - began).toBeLessThan(1500 * factor)
  })

  it('many at once to one peer make one connection', async () => {
    const [a, b] = [await start(), await start()]
    const metrics = createMetrics()
    const c = await start({ metrics })
    a.learn(b.id, [plain(b)])
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => c.connect(b.addresses[0]!))))).toEqual(new Set([b.id]))
    expect(metrics.text()).toMatch(/mosaik_network_connections_opened\{[^}]*\} 1\n/)
  })

  it('that ends for one who waits goes on for the other', async () => {
    const [a, b] = [await start(), await start()]
    const controller = new AbortController()
    const impatient = a.connect(b.addresses[0]!, { signal: controller.signal })
    const patient = a.connect(b.addresses[0]!)
    controller.abort(new Error('changed my mind'))
    await expect(impatient).rejects.toThrow('changed my mind')
    expect(await patient).toBe(b.id)
  })

  it('in vain says what was tried, how each failed, and what to do', async () => {
    const metrics = createMetrics()
    const a = await start({ metrics })
    const peer = nobody()
    const refused = `/ip4/127.0.0.1/tcp/1/p2p/${peer}`
    const error: Error & { code?: string } = await a.connect(refused).then(
      () => expect.unreachable(),
      (reason) => reason,
    )
    expect(error.code).toBe('ERR_UNREACHABLE')
    expect(error.message).toContain(peer)
    expect(error.message).toMatch(/\/ip4\/127\.0\.0\.1\/tcp\/1: .*ECONNREFUSED/)
    expect(error.message).toContain('Is the peer running')
    expect(metrics.text()).toMatch(/mosaik_network_dials_failed\{[^}]*\} 1/)
  })

  it('a peer of whom nothing is known says how to make it known', async () => {
    const a = await start()
    await expect(a.open(nobody(), '/x/1')).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: expect.stringContaining('learn(peer, addresses)'),
    })
  })

  it('this node itself is refused', async () => {
    const a = await start()
    await expect(a.connect(a.addresses[0]!)).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: expect.stringContaining('this node itself'),
    })
  })

  it('a listener that accepts and stays silent ends in time', async () => {
    const a = await start()
    const server = createServer(() => undefined)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const began = performance.now()
    await expect(a.connect(`/ip4/127.0.0.1/tcp/${port}/p2p/${nobody()}`)).rejects.toThrow(/no answer/)
    expect(performance.now() - began).toBeLessThan(11_000 * factor)
  })

  it('by name works', async () => {
    const [a, b] = [await start(), await start()]
    expect(await a.connect(plain(b).replace('/ip4/127.0.0.1/', '/dns4/localhost/'))).toBe(b.id)
  })
})

describe('an endpoint', () => {
  it('starts within a second, listens on all interfaces, and is not online by that', async () => {
    const began = performance.now()
    const a = await createEndpoint('dialer-test', { logger: silentLogger })
    endpoints.push(a)
    expect(performance.now() - began).toBeLessThan(1000 * factor)
    expect(a.addresses.some((address) => address.startsWith('/ip4/127.0.0.1/udp/'))).toBe(true)
    for (const address of a.addresses) expect(address).not.toMatch(/\/0\.0\.0\.0\/|\/::\/|\/fe80:/i)
    const b = await start()
    for (const address of a.addresses) {
      expect(await b.connect(address)).toBe(a.id)
      await b.disconnect(a.id)
    }
  })

  it('says which address could not be had', async () => {
    const a = await start({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    await expect(createEndpoint('dialer-test', { listen: [plain(a)], logger: silentLogger })).rejects.toMatchObject({
      code: 'ERR_LISTEN',
      message: expect.stringContaining(plain(a)),
    })
  })

  it('does not start with an aborted signal, and lives on when it aborts later', async () => {
    const controller = new AbortController()
    const [a, b] = [await start({ signal: controller.signal }), await start()]
    controller.abort()
    expect(await b.connect(a.addresses[0]!)).toBe(a.id)
    await expect(start({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late')
  })

  it('only dials when it listens nowhere', async () => {
    const [a, b] = [await start({ listen: [] }), await start()]
    expect(a.addresses).toEqual([])
    expect(await a.connect(b.addresses[0]!)).toBe(b.id)
  })

  it('is one of fifty in a process', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => start()))
    const hub = all[0]!
    await Promise.all(all.slice(1).map((endpoint) => endpoint.connect(hub.addresses[0]!)))
    await hub.connections.until((peers) => peers.size === 49)
    await Promise.all(all.flatMap((endpoint, i) => [1, 2, 3].map((step) => endpoint.connect(all[(i + step) % 50]!.addresses[0]!))))
    const began = performance.now()
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
    expect(performance.now() - began).toBeLessThan(5000 * factor)
  })
})
