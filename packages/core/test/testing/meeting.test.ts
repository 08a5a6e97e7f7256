import { describe, expect, it } from 'vitest'
import { uniqueId } from '@mosaik/core'
import type { Endpoint, RendezvousSession } from '@mosaik/core'
import { addressOf, collect, within } from './support.ts'

describe('meeting places', () => {
  const key = uniqueId('where we meet')

  it('nodes meet at a private table while its server is reachable', () =>
    within({}, async (world) => {
      const [server, a, b] = [await world.endpoint('other net'), await world.endpoint('net'), await world.endpoint('net')]
      await server.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
      const table = { kind: 'private', bootstrap: [addressOf(server)], serve: false } as const
      const [at, bt] = [await a.rendezvous.join(table), await b.rendezvous.join(table)]
      await at.provide(key)
      expect(await collect(bt.find(key))).toEqual([a.addresses])
      expect(await collect(at.find(key))).toEqual([])
      world.partition(server)
      expect(await collect(bt.find(key))).toEqual([])
      await expect(bt.provide(key)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
      const late = bt.provide(key)
      await world.run('2s')
      world.heal()
      await late
      expect(await collect(at.find(key))).toEqual([b.addresses])
      await world.run('3m')
      expect(await collect(at.find(key))).toEqual([])
      await Promise.all([at.close(), at.close()])
      await expect(at.provide(key)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await expect(a.rendezvous.join({ ...table, bootstrap: ['nonsense'] })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    }))

  it('a serving node stands in for a bootstrap that has died', () =>
    within({}, async (world) => {
      const [first, a, b] = [await world.endpoint('net'), await world.endpoint('net'), await world.endpoint('net')]
      await first.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
      const bootstrap = [addressOf(first)]
      const at = await a.rendezvous.join({ kind: 'private', bootstrap, serve: true })
      const bt = await b.rendezvous.join({ kind: 'private', bootstrap, serve: false })
      await at.provide(key)
      expect(await collect(bt.find(key))).toEqual([a.addresses])
      world.crash(first)
      expect(await collect(bt.find(key))).toEqual([a.addresses])
    }))

  it('the public table is for those who are online', () =>
    within({}, async (world) => {
      const [a, b, offline] = [
        await world.endpoint('net', { online: true }),
        await world.endpoint('net', { online: true }),
        await world.endpoint('net'),
      ]
      const join = (endpoint: Endpoint): Promise<RendezvousSession> => endpoint.rendezvous.join({ kind: 'public' })
      const [at, bt, ot] = [await join(a), await join(b), await join(offline)]
      await at.provide(key)
      expect(await collect(bt.find(key))).toEqual([a.addresses])
      expect(await collect(ot.find(key))).toEqual([])
    }))

  it('a local network shows the nodes of the same network', () =>
    within({ lan: true }, async (world) => {
      const [early, a] = [await world.endpoint('net'), await world.endpoint('net')]
      await world.endpoint('other net')
      const found: string[] = []
      const stop = a.rendezvous.onLocalPeer((addresses) => found.push(...addresses))
      await world.run('1s')
      expect(found).toEqual(early.addresses)
      const late = await world.endpoint('net')
      await world.run('1s')
      expect(found).toEqual([...early.addresses, ...late.addresses])
      stop()
      await world.endpoint('net')
      await world.run('20s')
      expect(found.length).toBe(2)
    }))
})
