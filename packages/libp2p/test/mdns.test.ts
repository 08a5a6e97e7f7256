import { silentLogger, uniqueId } from '@mosaik/core'
import type { mdns } from '@libp2p/mdns'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { createLocalPeers, serviceTagOf } from '../src/rendezvous/mdns.ts'
import type { Host } from '../src/seam.ts'

const ME = '12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK'
const OTHER = '12D3KooWGzS6PVoebx241s16UKEK6KnHhDHQrChE3rjMhnkLS4iT'

class FakeDiscovery extends EventTarget {
  started = 0
  stopped = 0
  start(): void {
    this.started += 1
  }
  stop(): void {
    this.stopped += 1
  }
  show(id: string, ...addresses: string[]): void {
    this.dispatchEvent(
      new CustomEvent('peer', { detail: { id: peerIdFromString(id), multiaddrs: addresses.map((text) => multiaddr(text)) } }),
    )
  }
}

const host = { id: ME, networkId: uniqueId('lan'), logger: silentLogger, libp2p: { components: {} } } as unknown as Host

test('the service tag names the network without showing it, and fits in a label', () => {
  const tag = serviceTagOf(uniqueId('lan'))
  expect(tag).toMatch(/^_mosaik-[0-9a-f]{8}\._udp\.local$/)
  expect(tag).toBe(serviceTagOf(uniqueId('lan')))
  expect(tag).not.toBe(serviceTagOf(uniqueId('other lan')))
  expect(uniqueId('lan')).not.toContain(tag.slice(8, 16))
})

test('peers become addresses to dial, also for those who listen later; not this node, not nothing', async () => {
  const fake = new FakeDiscovery()
  const local = await createLocalPeers(host, (() => () => fake) as unknown as typeof mdns)
  const early: string[] = []
  const late: string[] = []
  const stop = local.onLocalPeer((addresses) => early.push(...addresses))
  fake.show(OTHER, '/ip4/10.0.0.1/udp/4001/quic-v1')
  fake.show(ME, '/ip4/10.0.0.2/udp/4001/quic-v1')
  fake.show(OTHER)
  expect(early).toEqual([`/ip4/10.0.0.1/udp/4001/quic-v1/p2p/${OTHER}`])
  local.onLocalPeer((addresses) => late.push(...addresses))
  expect(late).toEqual(early)
  stop()
  fake.show(OTHER, '/ip4/10.0.0.3/udp/4001/quic-v1')
  expect(early).toHaveLength(1)
  expect(late).toHaveLength(2)
  await local.close()
  expect([fake.started, fake.stopped]).toEqual([1, 1])
})

test('a listener that throws disturbs nobody, and a network that cannot be asked is no failure', async () => {
  const fake = new FakeDiscovery()
  fake.start = () => {
    throw new Error('no multicast here')
  }
  const local = await createLocalPeers(host, (() => () => fake) as unknown as typeof mdns)
  const heard: string[] = []
  local.onLocalPeer(() => {
    throw new Error('a bug of the caller')
  })
  local.onLocalPeer((addresses) => heard.push(...addresses))
  fake.show(OTHER, '/ip4/10.0.0.1/udp/4001/quic-v1')
  expect(heard).toHaveLength(1)
  await local.close()
})
