import { createMetrics, generateSecretKey, silentLogger } from '@mosaik/core'
import type { ByteStream, Endpoint } from '@mosaik/core'
import { afterEach, expect, test } from 'vitest'
import { createEndpoint } from '../src/index.ts'
import type { EndpointOptions } from '../src/index.ts'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const ECHO = '/test/echo/1.0'
const open: Endpoint[] = []

async function endpoint(options: EndpointOptions): Promise<Endpoint> {
  const made = await createEndpoint('relay-test', { logger: silentLogger, metrics: createMetrics(), ...options })
  open.push(made)
  made.handle(ECHO, echo)
  return made
}

function echo(stream: ByteStream): void {
  stream.attach({ onData: (chunk) => void stream.send(chunk), onDrain() {}, onEnd: () => stream.end(), onClose() {} })
}

/** Sends bytes through an echo and resolves with what came back. */
async function roundTrip(stream: ByteStream, bytes: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let received = 0
  let sent = 0
  const pump = (): void => {
    while (sent < bytes.length) {
      const chunk = bytes.slice(sent, sent + 16_384)
      sent += chunk.length
      if (!stream.send(chunk)) return
    }
    stream.end()
  }
  stream.attach({
    onData: (chunk) => void (received += chunk.length),
    onDrain: pump,
    onEnd: () => resolve(received),
    onClose: (error) => (error === undefined ? resolve(received) : reject(error)),
  })
  pump()
  return promise
}

const relayed = (address: string): boolean => address.includes('/p2p-circuit/')
const hasRelays =
  (count: number) =>
  (addresses: readonly string[]): boolean =>
    new Set(addresses.filter(relayed).map((a) => a.split('/p2p/')[1])).size === count
const port = (from: Endpoint): string => from.addresses[0]?.split('/')[4] ?? ''

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

test('two nodes that listen only through a relay exchange bytes', async () => {
  const relay = await endpoint({ listen: [QUIC], relay: { serve: true } })
  const servers = [...relay.addresses]
  const [a, b] = await Promise.all([endpoint({ listen: [], relay: { servers } }), endpoint({ listen: [], relay: { servers } })])
  expect(a.addresses.filter((address) => !relayed(address))).toEqual([])
  await b.addressesWatch.until(hasRelays(1), { signal: AbortSignal.timeout(5_000) })
  await b.online.until((is) => is, { signal: AbortSignal.timeout(5_000) })
  for (const address of b.addresses) expect(address).toMatch(new RegExp(`/p2p/${relay.id}/p2p-circuit/p2p/${b.id}$`))
  const stream = await a.open(b.addresses[0] as string, ECHO)
  expect(stream.peerId).toBe(b.id)
  // more than the 128 KiB that public relays allow
  expect(await roundTrip(stream, new Uint8Array(1_000_000))).toBe(1_000_000)
})

test('a relay that is killed and comes back on its port is used again', async () => {
  const secretKey = generateSecretKey()
  const first = await endpoint({ listen: [QUIC], relay: { serve: true }, secretKey })
  const node = await endpoint({ listen: [], relay: { servers: [first.addresses[0] as string] } })
  await node.online.until((is) => is, { signal: AbortSignal.timeout(5_000) })
  const listen = [`/ip4/127.0.0.1/udp/${port(first)}/quic-v1`]
  await first.close()
  await node.online.until((is) => !is, { signal: AbortSignal.timeout(10_000) })
  expect(node.addresses.filter(relayed)).toEqual([])
  const again = await endpoint({ listen, relay: { serve: true }, secretKey })
  await node.online.until((is) => is, { signal: AbortSignal.timeout(15_000) })
  const other = await endpoint({ listen: [] })
  expect(await other.connect(node.addresses.find(relayed) as string)).toBe(node.id)
  expect(again.id).toBe(first.id)
}, 40_000)

test('two relays hold a slot each, and one of them is enough to start with', async () => {
  const one = await endpoint({ listen: [QUIC], relay: { serve: true } })
  const secretKey = generateSecretKey()
  const two = await endpoint({ listen: [QUIC], relay: { serve: true }, secretKey })
  const listen = [`/ip4/127.0.0.1/udp/${port(two)}/quic-v1`]
  const servers = [one.addresses[0] as string, two.addresses[0] as string]
  await two.close()
  const began = performance.now()
  const node = await endpoint({ listen: [], relay: { servers } })
  expect(performance.now() - began).toBeLessThan(1_000)
  await node.addressesWatch.until(hasRelays(1), { signal: AbortSignal.timeout(5_000) })
  await endpoint({ listen, relay: { serve: true }, secretKey })
  await node.addressesWatch.until(hasRelays(2), { signal: AbortSignal.timeout(20_000) })
}, 40_000)

test('a relay serves its own network only', async () => {
  const relay = await endpoint({ listen: [QUIC], relay: { serve: true } })
  const servers = [relay.addresses[0] as string]
  const node = await endpoint({ listen: [], relay: { servers } })
  await node.online.until((is) => is, { signal: AbortSignal.timeout(5_000) })
  const warnings: unknown[][] = []
  const { debug, info, error } = silentLogger
  const logger = { debug, info, error, warn: (...args: unknown[]) => void warnings.push(args) }
  const stranger = await createEndpoint('another network', { listen: [], relay: { servers }, logger })
  open.push(stranger)
  await expect.poll(() => warnings.length, { timeout: 10_000 }).toBeGreaterThan(0)
  expect(stranger.online.value).toBe(false)
  await expect(stranger.connect(node.addresses[0] as string)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
}, 30_000)

test('peers that met through a relay connect directly', async () => {
  const relay = await endpoint({ listen: [QUIC], relay: { serve: true } })
  const servers = [relay.addresses[0] as string]
  const metrics = createMetrics()
  const [a, b] = [await endpoint({ listen: [QUIC], relay: { servers } }), await endpoint({ listen: [], metrics })]
  await a.addressesWatch.until(hasRelays(1), { signal: AbortSignal.timeout(5_000) })
  await b.connect(a.addresses.find(relayed) as string)
  await expect.poll(() => metrics.text(), { timeout: 10_000 }).toMatch(/mosaik_relay_upgrades\S*result="direct"\S* 1/)
  await relay.close()
  expect(await roundTrip(await b.open(a.id, ECHO), new Uint8Array(100_000))).toBe(100_000)
  expect(b.connections.value.has(a.id)).toBe(true)
})

test('where only the listening side can be dialled back, it dials', async () => {
  const relay = await endpoint({ listen: [QUIC], relay: { serve: true } })
  const servers = [relay.addresses[0] as string]
  const metrics = createMetrics()
  // b is hidden behind the relay, a can be dialled: a asks, b dials
  const [a, b] = [await endpoint({ listen: [QUIC], metrics }), await endpoint({ listen: [], relay: { servers } })]
  await b.addressesWatch.until(hasRelays(1), { signal: AbortSignal.timeout(5_000) })
  await a.connect(b.addresses[0] as string)
  await expect.poll(() => metrics.text(), { timeout: 10_000 }).toMatch(/mosaik_relay_upgrades\S*result="direct"\S* 1/)
  await relay.close()
  expect(await roundTrip(await a.open(b.id, ECHO), new Uint8Array(100_000))).toBe(100_000)
})
