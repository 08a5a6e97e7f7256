import assert from 'node:assert/strict'
import { joinAddress } from '../../net/address.ts'
import type { Endpoint } from '../../net/endpoint.ts'
import { addressOf, assertCode, assertEcho, ECHO, isConnected, plainAddressOf, serveEcho } from './rig.ts'
import type { EndpointCase, Rig } from './types.ts'

const UNREACHABLE = ['ERR_UNREACHABLE', 'ERR_TIMEOUT']
/** The deadline of `open` is 10 s; nothing may take longer. */
const OPEN_MS = 12_000

/** Addresses, dialling, verification and refusals. */
export const openCases: readonly EndpointCase[] = [
  {
    name: 'a stream carries bytes both ways and ends cleanly',
    run: async (rig) => {
      const [a, b] = await served(rig)
      await assertEcho(rig, a, addressOf(b), 'hello')
    },
  },
  {
    name: 'addresses can be dialled as given and are never unspecified',
    run: async (rig) => {
      const [a, b] = await served(rig)
      assert.ok(b.addresses.length > 0, 'no addresses')
      assert.deepEqual(b.addressesWatch.value, b.addresses)
      for (const address of b.addresses) {
        assert.ok(address.endsWith(`/p2p/${b.id}`), `${address} does not end in the peer id`)
        assert.doesNotMatch(address, /\/ip4\/0\.0\.0\.0\/|\/ip6\/::\//)
        await assertEcho(rig, a, address, address)
      }
    },
  },
  {
    name: 'an address without a peer id answers whose it is',
    run: async (rig) => {
      const [a, b] = await served(rig)
      assert.equal(await rig.wait(a.connect(plainAddressOf(b)), 'the connection'), b.id)
      await assertEcho(rig, a, plainAddressOf(b), 'plain')
    },
  },
  {
    name: 'a connected peer can be opened by its id, from both sides',
    run: async (rig) => {
      const [a, b] = await served(rig)
      serveEcho(a)
      await rig.wait(a.connect(addressOf(b)), 'the connection')
      await assertEcho(rig, a, b.id, 'there')
      await rig.wait(isConnected(b, a.id), 'the connection at the other side')
      await assertEcho(rig, b, a.id, 'and back')
    },
  },
  {
    name: 'a learnt peer can be opened by its id',
    run: async (rig) => {
      const [a, b] = await served(rig)
      a.learn(b.id, b.addresses)
      await assertEcho(rig, a, b.id, 'learnt')
    },
  },
  {
    name: 'text that is no address is refused',
    run: async (rig) => {
      const a = await rig.create()
      for (const bad of ['', 'nonsense', '/ip4', '12D3KooWnotAPeerId']) await assertCode(rig, a.open(bad, ECHO), 'ERR_INVALID_OPTION')
    },
  },
  {
    name: 'a peer without a known address is unreachable',
    run: async (rig) => {
      const [a, b] = [await rig.create(), await rig.create()]
      await assertCode(rig, a.open(b.id, ECHO), 'ERR_UNREACHABLE')
    },
  },
  {
    name: 'another peer at the address is refused by name',
    run: async (rig) => {
      const [a, b] = await served(rig)
      const other = await rig.create()
      const error = await assertCode(rig, a.open(joinAddress(plainAddressOf(b), other.id), ECHO), 'ERR_UNREACHABLE', OPEN_MS)
      assert.ok(error.message.includes(other.id) || error.message.includes(b.id), `no peer is named: ${error.message}`)
      assert.equal(a.connections.value.has(other.id), false)
    },
  },
  {
    name: 'nobody at the address is a typed error in bounded time',
    run: async (rig) => {
      const a = await rig.create()
      await assertCode(rig, a.open(await deadAddress(rig), ECHO), UNREACHABLE, OPEN_MS)
      await assertCode(rig, a.connect(await deadAddress(rig)), UNREACHABLE, OPEN_MS)
    },
  },
  {
    name: 'a protocol that is not spoken is unreachable, and harms nothing',
    run: async (rig) => {
      const [a, b] = await served(rig)
      await assertCode(rig, a.open(addressOf(b), '/mosaik/suite/unknown/1.0'), 'ERR_UNREACHABLE')
      await assertEcho(rig, a, b.id, 'still here')
    },
  },
  {
    name: 'a different network is refused before any handler runs',
    run: async (rig) => {
      const a = await rig.create()
      const b = await rig.create({ network: 'another network' })
      let accepted = 0
      for (const endpoint of [a, b]) endpoint.handle(ECHO, () => void (accepted += 1))
      await assertCode(rig, a.open(addressOf(b), ECHO), 'ERR_DIFFERENT_NETWORK', OPEN_MS)
      await assertCode(rig, b.connect(addressOf(a)), 'ERR_DIFFERENT_NETWORK', OPEN_MS)
      await rig.quiet(200)
      assert.equal(accepted, 0)
      assert.deepEqual([a.connections.value.size, b.connections.value.size], [0, 0])
    },
  },
  {
    name: 'a dead address beside a good one does not delay',
    run: async (rig) => {
      const [a, b] = await served(rig)
      const { address } = { address: (await deadAddress(rig)).split('/p2p/')[0] as string }
      a.learn(b.id, [joinAddress(address, b.id), addressOf(b)])
      const began = rig.clock.monotonic()
      await assertEcho(rig, a, b.id, 'at once')
      assert.ok(rig.clock.monotonic() - began < 2000, `took ${rig.clock.monotonic() - began} ms`)
    },
  },
  {
    name: 'a signal ends the wait of open with its reason',
    run: async (rig) => {
      const a = await rig.create()
      const dead = await deadAddress(rig)
      const reason = new Error('changed my mind')
      await assert.rejects(
        rig.wait(a.open(dead, ECHO, { signal: AbortSignal.abort(reason) }), 'the rejection'),
        (error) => error === reason,
      )
      const controller = new AbortController()
      const opening = a.open(dead, ECHO, { signal: controller.signal })
      controller.abort(reason) // in the same turn: some transports refuse a dead address at once
      await assert.rejects(rig.wait(opening, 'the rejection', 1000), (error) => error === reason)
    },
  },
  {
    name: 'a protocol has one handler, and none after unhandle',
    run: async (rig) => {
      const [a, b] = await served(rig)
      assert.throws(
        () => b.handle(ECHO, () => undefined),
        (error: { code?: string }) => error.code === 'ERR_ALREADY_EXISTS',
      )
      await assertEcho(rig, a, addressOf(b), 'the first handler stays')
      b.unhandle(ECHO)
      await assertCode(rig, a.open(addressOf(b), ECHO), 'ERR_UNREACHABLE')
      serveEcho(b)
      await assertEcho(rig, a, addressOf(b), 'again')
    },
  },
  {
    name: 'an endpoint starts at once while nobody is reachable',
    run: async (rig) => {
      const began = rig.clock.monotonic()
      const a = await rig.wait(rig.create(), 'the endpoint', 2000)
      assert.ok(rig.clock.monotonic() - began < 2000)
      assert.equal(a.online.value, false)
      assert.equal(a.connections.value.size, 0)
    },
  },
]

/** Two endpoints, the second of which echoes. */
async function served(rig: Rig): Promise<[Endpoint, Endpoint]> {
  const endpoints: [Endpoint, Endpoint] = [await rig.create(), await rig.create()]
  serveEcho(endpoints[1])
  return endpoints
}

/** Where an endpoint was until just now. */
async function deadAddress(rig: Rig): Promise<string> {
  const gone = await rig.create()
  const address = addressOf(gone)
  await rig.wait(gone.close(), 'the close')
  return address
}
