import { abortable, MosaikError, toBytes } from '@mosaik/core'
import type { RendezvousSession, UniqueId, WaitOptions } from '@mosaik/core'
import { start, stop } from '@libp2p/interface'
import type { PeerId as Libp2pPeerId, PeerInfo } from '@libp2p/interface'
import { kadDHT } from '@libp2p/kad-dht'

import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'
import { keepBootstrap } from './bootstrap.ts'
import type { Identity } from './identity.ts'
import { createRecordStore } from './record-store.ts'
import { RECORD_VALIDITY } from './tables.ts'
import type { TableSettings } from './tables.ts'

/** Longest time that one `provide` or `find` takes. */
const QUERY_TIMEOUT = 30_000
const MAX_ADDRESSES = 16
const STORE_LIMITS = { validity: RECORD_VALIDITY, records: 8_192, perProvider: 64, valueBytes: 8_192 } as const

/** What kad-dht's object has and its interface does not show. */
interface KadInside extends EventTarget {
  readonly routingTable: { readonly size: number }
  readonly providers: { addProvider(cid: CID, provider: Libp2pPeerId): Promise<void>; getProviders(cid: CID): Promise<Libp2pPeerId[]> }
}

/** The name of a key in a table: CID v1, raw codec, sha2-256 of the key's 32 bytes. */
export async function cidOf(key: UniqueId): Promise<CID> {
  return CID.createV1(raw.code, await sha256.digest(toBytes(key)))
}

/** Joins a table: starts a kad-dht on the running node and keeps looking for its bootstrap nodes in the background. */
export async function openSession(host: Host, identity: Identity, settings: TableSettings, validity: number = RECORD_VALIDITY): Promise<RendezvousSession> {
  const components = componentsOf(host.libp2p)
  const store = createRecordStore({ ...STORE_LIMITS, validity }, () => host.clock.monotonic())
  const kad = kadDHT(settings.kad)({
    ping: await identity.ensure(),
    datastore: store,
    peerId: components.peerId,
    privateKey: components.privateKey,
    registrar: components.registrar,
    addressManager: components.addressManager,
    peerStore: components.peerStore,
    connectionManager: components.connectionManager,
    events: components.events,
    logger: components.logger,
  })
  const inside = kad as unknown as KadInside
  const closed = new AbortController()
  const self = host.libp2p.peerId
  // A table is made up of whoever takes part in it, of whichever network.
  const intolerant = host.tolerate(() => true)
  // What the table says of addresses goes where libp2p looks when the table wants to dial.
  inside.addEventListener('peer', (event) => {
    const { detail } = event as CustomEvent<PeerInfo>
    const multiaddrs = detail.multiaddrs.slice(0, MAX_ADDRESSES)
    if (multiaddrs.length === 0 || detail.id.equals(self)) return
    components.peerStore.merge(detail.id, { multiaddrs }).catch((error: unknown) => host.logger.debug('addresses of %s were not kept: %o', detail.id.toString(), error))
  })
  await start(kad)

  const introduce = identity.ask
  const populated = (): boolean => inside.routingTable.size > 0
  const others = settings.bootstrap.filter((address) => !address.toString().endsWith(`/p2p/${self}`))
  /** A serving node without anybody to look for is the table by itself; whoever comes asks it. */
  const alone = (): boolean => settings.serve && others.length === 0 && !populated()
  const background = others.map((address) => keepBootstrap({ host, address, signal: closed.signal, populated, introduce }))

  const bounded = (signal: AbortSignal | undefined): AbortSignal =>
    AbortSignal.any([AbortSignal.timeout(QUERY_TIMEOUT), closed.signal, ...(signal === undefined ? [] : [signal])])

  /** Why a query was cut: the caller's reason, the close, or the time that is up. */
  const failure = (what: string, options: WaitOptions | undefined, cause: unknown): unknown => {
    if (options?.signal?.aborted === true) return options.signal.reason
    if (closed.signal.aborted) return closedError(settings.name, what)
    const detail = populated() ? 'no node of the table answered' : `no node of the table is reachable; bootstrap: ${settings.bootstrap.join(', ') || 'none given'}`
    return new MosaikError('ERR_TIMEOUT', `${what} in the ${settings.name} table did not succeed within ${QUERY_TIMEOUT / 1000} s: ${detail}`, { cause })
  }

  const provide = async (key: UniqueId, options?: WaitOptions): Promise<void> => {
    options?.signal?.throwIfAborted()
    if (closed.signal.aborted) throw closedError(settings.name, 'provide')
    const cid = await cidOf(key)
    if (settings.serve) await inside.providers.addProvider(cid, self)
    if (alone()) return
    const signal = bounded(options?.signal)
    let stored = settings.serve ? 1 : 0
    try {
      await abortable(
        (async () => {
          for await (const event of kad.provide(cid, { signal })) {
            if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') stored += 1
          }
        })(),
        signal,
      )
    } catch (error) {
      if (stored === 0 || closed.signal.aborted || options?.signal?.aborted === true) throw failure('provide', options, error)
    }
    if (stored === 0) throw new MosaikError('ERR_UNREACHABLE', `no node of the ${settings.name} table took the record; it is tried again when provide is called again`)
  }

  const find = async function* (key: UniqueId, options?: WaitOptions): AsyncGenerator<readonly string[]> {
    options?.signal?.throwIfAborted()
    if (closed.signal.aborted) throw closedError(settings.name, 'find')
    const cid = await cidOf(key)
    const signal = bounded(options?.signal)
    const seen = new Set<string>([self.toString()])
    const fresh = async function* (providers: readonly PeerInfo[]): AsyncGenerator<readonly string[]> {
      for (const provider of providers) {
        const id = provider.id.toString()
        if (seen.has(id)) continue
        const addresses = await addressesOf(host, provider)
        if (addresses.length === 0) continue
        seen.add(id)
        yield addresses
      }
    }
    if (settings.serve) yield* fresh((await inside.providers.getProviders(cid)).map((id) => ({ id, multiaddrs: [] })))
    if (alone()) return
    const events = kad.findProviders(cid, { signal })[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await abortable(events.next(), signal)
        if (next.done === true) return
        if (next.value.name === 'PROVIDER') yield* fresh(next.value.providers)
      }
    } catch (error) {
      // Time is up after some answers: those were the answers.
      if (seen.size > 1 && !closed.signal.aborted && options?.signal?.aborted !== true) return
      throw failure('find', options, error)
    } finally {
      void events.return?.(undefined)?.catch(() => {})
    }
  }

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    closed.abort(closedError(settings.name, 'the session'))
    intolerant()
    await Promise.all(background)
    await kad.setMode('client')
    await stop(kad)
  }
  return { provide, find, close: () => (closing ??= close()) }
}

/** Texts to dial a provider by: those that came with the answer, or those that are known anyway. */
async function addressesOf(host: Host, provider: PeerInfo): Promise<readonly string[]> {
  const id = provider.id.toString()
  const given = provider.multiaddrs.length > 0 ? provider.multiaddrs : await stored(host, provider.id)
  return [...new Set(given.map((address) => withPeer(address.toString(), id)))].slice(0, MAX_ADDRESSES)
}

async function stored(host: Host, peer: Libp2pPeerId): Promise<PeerInfo['multiaddrs']> {
  try {
    return (await host.libp2p.peerStore.get(peer)).addresses.map(({ multiaddr }) => multiaddr)
  } catch {
    return [] // not known: there is nothing to dial
  }
}

const withPeer = (address: string, id: string): string => (address.endsWith(`/p2p/${id}`) ? address : `${address}/p2p/${id}`)

const closedError = (table: string, what: string): MosaikError =>
  new MosaikError('ERR_CLOSED', `the ${table} table was left, ${what} was cut; join it again`)

