import { createTicket, MosaikError, uniqueId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import { describe, expect, test } from 'vitest'
import * as front from '../src/index.ts'
import { PING_PROTOCOL } from '../src/wire/protocols.ts'
import { author } from './builders.ts'
import { closeAll, converged, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

test('the front door exports one function', () => {
  expect(Object.keys(front)).toEqual(['createDiscovery'])
})

test.each([
  [{ bootstrap: 'nowhere' }, 'bootstrap'],
  [{ bootstrap: ['/ip4/127.0.0.1/udp/1', 7] }, 'bootstrap[1]'],
  [{ tags: [''] }, 'tags[0]'],
  [{ announceInterval: 'soon' }, 'announceInterval'],
  [{ announceInterval: 0 }, 'announceInterval'],
  [{ announceJitter: 1.5 }, 'announceJitter'],
  [{ purgeAfter: -1 }, 'purgeAfter'],
  [{ maxTimeDrift: Number.NaN }, 'maxTimeDrift'],
  [{ eventsBacklog: 0 }, 'eventsBacklog'],
  [{ dht: 'private' }, 'dht'],
  [{ dht: true }, 'dht'],
  [{ dht: { bootstrap: 'x' } }, 'dht.bootstrap'],
  [{ dht: { bootstrap: [], serve: 1 } }, 'dht.serve'],
  [{ dht: { bootstrap: [], interval: 1 } }, 'dht.interval'],
  [{ rttProbeInterval: 0 }, 'rttProbeInterval'],
  [{ maxRtt: 'fast' }, 'maxRtt'],
])('%j is refused, naming %s', async (options, name) => {
  await using world = simWorld({ seed: 1 })
  const endpoint = await world.endpoint('net')
  const error = await front.createDiscovery(endpoint, options as never).catch((cause: unknown) => cause)
  expect(MosaikError.is(error, 'ERR_INVALID_OPTION')).toBe(true)
  expect((error as Error).message).toContain(name)
  // nothing was left behind
  await (await front.createDiscovery(endpoint)).close()
})

test('a second discovery on one endpoint is refused and does not disturb the first', async () => {
  await using world = simWorld({ seed: 2 })
  const nodes = await simNetwork(world, 2)
  const [a] = nodes as [Node]
  const second = world.run(front.createDiscovery(a.endpoint))
  await expect(second).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS', message: expect.stringContaining('has a discovery already') })
  await converged(world, nodes)
  await closeAll(world, nodes)
})

test('a start that fails leaves nothing behind', async () => {
  await using world = simWorld({ seed: 10 })
  const endpoint = await world.endpoint('net')
  endpoint.handle(PING_PROTOCOL, () => {})
  await expect(front.createDiscovery(endpoint)).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS' })
  endpoint.unhandle(PING_PROTOCOL)
  await world.run((await front.createDiscovery(endpoint)).close())
})

test('a bootstrap address that does not work is reported once, and when it does', async () => {
  await using world = simWorld({ seed: 11 })
  const b = await simNode(world)
  world.crash(b.endpoint)
  const a = await simNode(world, { bootstrap: b.address })
  await world.run('60s')
  expect(a.log.filter((line) => line.includes(b.address))).toEqual([expect.stringContaining('does not work')])
  const again = await front.createDiscovery(await world.restart(b.endpoint))
  await world.run(a.discovery.catalog.until(({ size }) => size === 1))
  expect(a.log.filter((line) => line.includes(b.address))).toEqual([expect.any(String), expect.stringContaining('answers now')])
  await world.run(Promise.all([a.discovery.close(), again.close()]))
})

test('arguments are checked', async () => {
  await using world = simWorld({ seed: 3 })
  const node = await simNode(world)
  const { discovery } = node
  const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' })
  expect(() => discovery.dial('nowhere')).toThrow(invalid)
  expect(() => discovery.addTags('')).toThrow(invalid)
  expect(() => discovery.addTicket({ class: 'x', data: new Uint8Array() } as never)).toThrow(invalid)
  expect(() => discovery.removeTicket('' as never)).toThrow(invalid)
  expect(() => discovery.advertise({ stream: 'plain' as never })).toThrow(invalid)
  expect(() => discovery.insert({ peerId: 'x' as never, addresses: [] })).toThrow(invalid)
  expect(() => discovery.insert({ peerId: author('p').id, addresses: [`/ip4/1.2.3.4/udp/1/p2p/${author('q').id}`] })).toThrow(invalid)
  expect(() => discovery.addTags(...Array.from({ length: 4096 }, (_, i) => `${i}`), 'one more')).toThrow(invalid)
  expect(() => discovery.addTicket(createTicket('c', new Uint8Array(200_000)))).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
  await expect(discovery.syncWith('nowhere')).rejects.toThrow(invalid)
  await expect(discovery.syncWith(node.address)).rejects.toThrow(invalid)
  await expect(discovery.measureRtt('x' as never)).rejects.toThrow(invalid)
  expect(discovery.feed('x' as never)).toBe(false)
  expect(discovery.feed(new Uint8Array(5))).toBe(false)
  await closeAll(world, [node])
})

test('entries by hand: self and other networks are ignored, signed entries stay', async () => {
  await using world = simWorld({ seed: 4 })
  const nodes = await simNetwork(world, 2)
  const [a, b] = nodes as [Node, Node]
  await converged(world, nodes)
  expect(a.discovery.insert({ peerId: a.id, addresses: [] })).toBe(false)
  expect(a.discovery.insert({ peerId: b.id, addresses: [], tags: ['forged'] })).toBe(false)
  expect(a.discovery.catalog.value.get(b.id)?.signed).toBe(true)
  const foreign = { peerId: author('f').id, addresses: [], networkId: uniqueId('other') }
  expect(a.discovery.insert(foreign)).toBe(false)
  expect(a.discovery.catalog.value.size).toBe(1)
  // an entry taken out of a catalog can be put into another one as it is
  const other = await simNode(world)
  const entry = a.discovery.catalog.value.get(b.id)
  expect(entry && other.discovery.insert({ ...entry, tags: [] })).toBe(true)
  // and gives way to the signed one
  expect(other.discovery.feed(b.discovery.exportMe())).toBe(true)
  expect(other.discovery.catalog.value.get(b.id)?.signed).toBe(true)
  await closeAll(world, [...nodes, other])
})

test('different networks never mix; syncWith says so', async () => {
  await using world = simWorld({ seed: 5 })
  const [a, b] = [await simNode(world), await simNode(world, {}, {}, 'other')]
  const error = await world.run(a.discovery.syncWith(b.address).catch((cause: unknown) => cause))
  expect(error).toMatchObject({ code: 'ERR_DIFFERENT_NETWORK' })
  expect(a.discovery.feed(b.discovery.exportMe())).toBe(false)
  a.discovery.dial(b.address)
  await world.run('20s')
  expect(a.discovery.catalog.value.size + b.discovery.catalog.value.size).toBe(0)
  await closeAll(world, [a, b])
})

describe('dial', () => {
  test('returns at once and brings both together', async () => {
    await using world = simWorld({ seed: 6 })
    const [a, b] = [await simNode(world), await simNode(world)]
    a.discovery.dial(b.address)
    expect(a.discovery.catalog.value.size).toBe(0)
    await converged(world, [a, b], 2000)
    await closeAll(world, [a, b])
  })

  test('to nobody is tried again until somebody is there', async () => {
    await using world = simWorld({ seed: 7 })
    const [a, b] = [await simNode(world), await simNode(world)]
    world.crash(b.endpoint)
    a.discovery.dial(b.address)
    await world.run('30s')
    const again = await front.createDiscovery(await world.restart(b.endpoint))
    await world.run(
      a.discovery.catalog.until((catalog) => catalog.size === 1),
      { within: 12_000 },
    )
    await world.run(Promise.all([a.discovery.close(), again.close()]))
  })
})

describe('close', () => {
  test('rejects what waits, ends events, is idempotent and leaves the endpoint usable', async () => {
    await using world = simWorld({ seed: 8 })
    const nodes = await simNetwork(world, 2)
    await converged(world, nodes)
    const [a, b] = nodes as [Node, Node]
    const { catalog } = a.discovery
    const waits = [catalog.until(() => false), catalog.changed(), a.discovery.syncWith(b.address)]
    const outcomes = Promise.allSettled(waits)
    const withdraw = a.discovery.advertise({ stream: uniqueId('s') })
    await world.run(Promise.all([a.discovery.close(), a.discovery.close()]))
    const [until, , sync] = await world.run(outcomes)
    expect(until).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLOSED' } })
    expect(sync?.status).toBeDefined()
    expect(catalog.value.size).toBe(1)
    withdraw()
    expect(() => a.discovery.addTags('x')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    expect(() => a.discovery.dial(b.address)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    expect(a.discovery.feed(b.discovery.exportMe())).toBe(false)
    await world.run(b.discovery.catalog.until(({ size }) => size === 0))

    const again = await front.createDiscovery(a.endpoint, { bootstrap: b.address })
    await world.run(
      b.discovery.catalog.until(({ size }) => size === 1),
      { within: 5000 },
    )
    await world.run(Promise.all([again.close(), b.discovery.close()]))
  })

  test('is bounded when nobody answers any more', async () => {
    await using world = simWorld({ seed: 9 })
    const nodes = await simNetwork(world, 3)
    await converged(world, nodes)
    const [a, b, c] = nodes as [Node, Node, Node]
    world.pause(b.endpoint)
    world.pause(c.endpoint)
    const before = world.now
    await world.run(a.discovery.close())
    expect(world.now - before).toBeLessThanOrEqual(600)
  })
})
