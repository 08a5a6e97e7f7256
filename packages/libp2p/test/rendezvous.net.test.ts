import { uniqueId } from '@mosaik/core'
import type { RendezvousSession } from '@mosaik/core'
import { afterEach, expect, test } from 'vitest'
import { createIdentity } from '../src/rendezvous/identity.ts'
import { createRendezvous } from '../src/rendezvous/rendezvous.ts'
import type { RendezvousPart } from '../src/rendezvous/rendezvous.ts'
import { openSession } from '../src/rendezvous/session.ts'
import { settingsOf } from '../src/rendezvous/tables.ts'
import { eventually, rawHost } from './support/raw-host.ts'
import type { RawHost, RawHostOptions } from './support/raw-host.ts'

const key = uniqueId('where we meet')
const QUIC = ['/ip4/127.0.0.1/udp/0/quic-v1']
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Node {
  readonly host: RawHost
  readonly part: RendezvousPart
  readonly address: string
}

async function node(options: RawHostOptions = {}): Promise<Node> {
  const host = await rawHost({ listen: QUIC, ...options })
  const part = await createRendezvous(host)
  cleanups.push(async () => {
    await part.close()
    await host.stop()
  })
  return { host, part, address: host.libp2p.getMultiaddrs()[0]?.toString() ?? '' }
}

/** Who is found, asking until it is what was expected: that a record is on its way does not say that it has arrived. */
async function finds(session: RendezvousSession, expected: readonly string[]): Promise<void> {
  const end = performance.now() + 10_000
  let ids: string[] = []
  do {
    ids = (await found(session)).toSorted()
    if (ids.join() === expected.toSorted().join()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  } while (performance.now() < end)
  expect(ids).toEqual(expected.toSorted())
}

async function found(session: RendezvousSession): Promise<string[]> {
  const ids: string[] = []
  for await (const addresses of session.find(key)) {
    for (const address of addresses) expect(address).toMatch(/\/p2p\/12D3Koo\w+$/)
    ids.push(addresses[0]?.split('/p2p/')[1] ?? '')
  }
  return ids
}

test('ten nodes that know one bootstrap address find each other', async () => {
  const boot = await node()
  await boot.part.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
  const nodes = await Promise.all(Array.from({ length: 10 }, () => node()))
  const began = performance.now()
  await Promise.all(
    nodes.map(async ({ part, host }) => {
      const session = await part.rendezvous.join({ kind: 'private', bootstrap: [boot.address], serve: true })
      await session.provide(key)
      await finds(
        session,
        nodes.map((other) => other.host.id).filter((id) => id !== host.id),
      )
    }),
  )
  expect(performance.now() - began).toBeLessThan(15_000)
}, 30_000)

test('nodes that only ask are found as well as those that serve', async () => {
  const boot = await node()
  const hub = await boot.part.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
  await hub.provide(key)
  const [a, b] = [await node(), await node()]
  const [one, two] = await Promise.all(
    [a, b].map((n) => n.part.rendezvous.join({ kind: 'private', bootstrap: [boot.address], serve: false })),
  )
  await one?.provide(key)
  await finds(two as RendezvousSession, [a.host.id, boot.host.id])
  await finds(hub, [a.host.id])
})

test('a bootstrap node that comes up later is found', async () => {
  const first = await node()
  const { address, host } = first
  const port = address.split('/')[4]
  const seed = host.privateKey.raw.subarray(0, 32)
  await host.stop()
  const late = await node()
  const session = await late.part.rendezvous.join({ kind: 'private', bootstrap: [address], serve: true })
  const provided = session.provide(key)
  const again = await node({ listen: [`/ip4/127.0.0.1/udp/${port}/quic-v1`], seed })
  expect(again.host.id).toBe(host.id)
  const hub = await again.part.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
  await provided
  await eventually('the late node is in the table', () => late.host.libp2p.getConnections(again.host.libp2p.peerId).length > 0)
  await session.provide(key)
  await finds(hub, [late.host.id])
}, 30_000)

test('a record that is not renewed runs out', async () => {
  const boot = await node()
  const hub = await openSession(boot.host, createIdentity(boot.host), settingsOf({ kind: 'private', bootstrap: [], serve: true }), 1_000)
  cleanups.push(() => hub.close())
  const other = await node()
  const session = await other.part.rendezvous.join({ kind: 'private', bootstrap: [boot.address], serve: false })
  await session.provide(key)
  await finds(hub, [other.host.id])
  await session.close()
  await finds(hub, [])
})

test('waits end when the caller gives up and when the session closes', async () => {
  const lonely = await node()
  const session = await lonely.part.rendezvous.join({
    kind: 'private',
    bootstrap: [`${lonely.address.replace(/udp\/\d+/, 'udp/1').split('/p2p/')[0]}`],
    serve: false,
  })
  await expect(session.provide(key, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' })
  await expect(
    session
      .find(key, { signal: AbortSignal.timeout(50) })
      [Symbol.asyncIterator]()
      .next(),
  ).rejects.toMatchObject({ name: 'TimeoutError' })
  const waiting = session.provide(key)
  const closed = session.close()
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  await closed
  await expect(session.provide(key)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
})

test('a table is joined once at a time, with addresses that can be read', async () => {
  const { part } = await node()
  await expect(part.rendezvous.join({ kind: 'private', bootstrap: ['nonsense'], serve: false })).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
  })
  const session = await part.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
  await expect(part.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS' })
  await session.close()
  await (await part.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })).close()
  await part.close()
  await expect(part.rendezvous.join({ kind: 'public' })).rejects.toMatchObject({ code: 'ERR_CLOSED' })
})
