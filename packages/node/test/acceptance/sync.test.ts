import { deriveId } from '@mosaik/core'
import type { MosaikError } from '@mosaik/core'
import type { Network } from '@mosaik/node'
import { defineStream } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { codeOf, outcome, stage } from './support.ts'

const Ticks = defineStream<number>('ticks')
const address = (node: Network): string => node.local.addresses[0]!

describe('syncWith', () => {
  it('brings both catalogs together, through an address or a peer id', () =>
    stage('sync', async ({ world }) => {
      const [a, b, c] = [await world.node('acceptance'), await world.node('acceptance'), await world.node('acceptance')]
      await a.discovery.syncWith(address(b))
      expect([a.discovery.catalog.value.size, b.discovery.catalog.value.size]).toEqual([1, 1])
      await c.discovery.syncWith(address(b))
      expect(c.discovery.catalog.value.size).toBe(2)
      b.discovery.addTags('new')
      await a.discovery.syncWith(b.local.id)
      expect(a.discovery.catalog.value.get(b.local.id)?.hasTag('new')).toBe(true)
    }))

  it('rejects by kind: another network, nobody there, a silent peer, an abort, a malformed address', () =>
    stage('refusals', async ({ world, node }) => {
      const a = await node()
      const foreign = await world.node('another network')
      expect(await codeOf(a.discovery.syncWith(address(foreign)))).toBe('ERR_DIFFERENT_NETWORK')
      expect(await codeOf(a.discovery.syncWith('/ip4/127.0.0.1/udp/1/quic-v1'))).toBe('ERR_UNREACHABLE')
      expect(await codeOf(a.discovery.syncWith('nonsense'))).toBe('ERR_INVALID_OPTION')
      const silent = await world.endpoint('acceptance')
      silent.handle('/mosaik/discovery/sync/1.0', () => {})
      const before = world.now
      const error = (await outcome(a.discovery.syncWith(silent.addresses[0]!))) as MosaikError
      expect(world.now - before).toBeLessThan(10_500)
      expect([error.code, error.message.includes(silent.id)]).toEqual(['ERR_TIMEOUT', true])
      const mute = await world.endpoint('acceptance') // speaks nothing
      const unspoken = (await outcome(a.discovery.syncWith(mute.addresses[0]!))) as MosaikError
      expect([unspoken.code, unspoken.message.includes(mute.id)]).toEqual(['ERR_UNREACHABLE', true])
      const reason = Symbol('mine')
      const cut = new AbortController()
      const aborted = outcome(a.discovery.syncWith(silent.addresses[0]!, { signal: cut.signal }))
      cut.abort(reason)
      expect(await aborted).toBe(reason)
      expect(await outcome(a.discovery.syncWith(address(foreign), { signal: AbortSignal.abort(reason) }))).toBe(reason)
      const closing = codeOf(a.discovery.syncWith(silent.addresses[0]!))
      await a.close()
      expect(await closing).toBe('ERR_CLOSED')
    }))

  it('and gossip do not reveal the network id, in no form', () =>
    stage('secret name', async ({ world, node, pass }) => {
      const a = await node()
      const listener = await world.endpoint('acceptance')
      const heard: Uint8Array[] = []
      for (const protocol of ['/mosaik/discovery/sync/1.0', '/mosaik/discovery/ping/1.0', '/mosaik/streams/1.0']) {
        listener.handle(protocol, (stream) => {
          void stream.readable.pipeTo(new WritableStream({ write: (chunk) => void heard.push(chunk) })).catch(() => {})
        })
      }
      const topic = listener.gossip.join(`/mosaik/${deriveId(a.id, 'announce')}/announce/1.0`, (data) => {
        heard.push(data)
        return 'accept'
      })
      a.discovery.insert({ peerId: listener.id, addresses: listener.addresses, streams: ['ticks'] })
      a.streams.consume(Ticks, { require: () => true })
      void outcome(a.discovery.syncWith(listener.addresses[0]!))
      await topic.neighbours.until((peers) => peers.has(a.local.id))
      a.discovery.addTags('said')
      await pass(30_000)
      expect(heard.length).toBeGreaterThan(2)
      const all = Buffer.concat(heard)
      expect([all.includes(Buffer.from(a.id, 'hex')), all.includes(Buffer.from(a.id)), all.includes(Buffer.from('acceptance'))]).toEqual([
        false,
        false,
        false,
      ])
    }))
})
