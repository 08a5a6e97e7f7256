import { abortable, MosaikError, toBytes } from '@mosaik/core'
import type { RendezvousSession, UniqueId, WaitOptions } from '@mosaik/core'
import { start, stop } from '@libp2p/interface'
import type { PeerId as Libp2pPeerId, PeerInfo } from '@libp2p/interface'
import type { KadDHT, KadDHTInit, kadDHT as KadFactory } from '@libp2p/kad-dht'
import type { Ping } from '@libp2p/ping'
import type { Multiaddr } from '@multiformats/multiaddr'

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

const insideOf = (kad: KadDHT): KadInside => kad as unknown as KadInside

/** The name of a key in a table: CID v1, raw codec, sha2-256 of the key's 32 bytes. */
export async function cidOf(key: UniqueId): Promise<CID> {
  return CID.createV1(raw.code, await sha256.digest(toBytes(key)))
}

/** Joins a table: starts a kad-dht on the running node and keeps looking for its bootstrap nodes in the background. */
export async function openSession(
  host: Host,
  identity: Identity,
  settings: TableSettings,
  validity: number = RECORD_VALIDITY,
): Promise<RendezvousSession> {
  const kad = await createKad(host, settings, await identity.ensure(), validity)
  await start(kad)
  return new TableSession(host, identity, settings, kad)
}

/** Loads kad-dht, now that a table is joined: it takes megabytes that most programs never need. */
export async function loadKad({
  kad,
  isClosed,
}: TableSettings): Promise<{ readonly kadDHT: typeof KadFactory; readonly init: KadDHTInit }> {
  const { kadDHT, passthroughMapper, removePrivateAddressesMapper } = await import('@libp2p/kad-dht')
  return { kadDHT, init: { ...kad, peerInfoMapper: isClosed ? passthroughMapper : removePrivateAddressesMapper } }
}

async function createKad(host: Host, settings: TableSettings, ping: Ping, validity: number): Promise<KadDHT> {
  const components = componentsOf(host.libp2p)
  const { kadDHT, init } = await loadKad(settings)
  const kad = kadDHT(init)({
    ping,
    datastore: createRecordStore({ ...STORE_LIMITS, validity }, () => host.clock.monotonic()),
    peerId: components.peerId,
    privateKey: components.privateKey,
    registrar: components.registrar,
    addressManager: components.addressManager,
    peerStore: components.peerStore,
    connectionManager: components.connectionManager,
    events: components.events,
    logger: components.logger,
  })
  // What the table says of addresses goes where libp2p looks when the table wants to dial.
  insideOf(kad).addEventListener('peer', (event) => {
    const { id, multiaddrs } = (event as CustomEvent<PeerInfo>).detail
    if (multiaddrs.length === 0 || id.equals(components.peerId)) return
    components.peerStore.merge(id, { multiaddrs: multiaddrs.slice(0, MAX_ADDRESSES) }).catch((error: unknown) => {
      host.logger.debug('addresses of %s were not kept: %o', id.toString(), error)
    })
  })
  return kad
}

class TableSession implements RendezvousSession {
  readonly #host: Host
  readonly #settings: TableSettings
  readonly #kad: KadDHT
  readonly #inside: KadInside
  readonly #closed = new AbortController()
  readonly #bootstrap: readonly Multiaddr[]
  readonly #background: readonly Promise<void>[]
  /** A table is made up of whoever takes part in it, of whichever network. */
  readonly #intolerant: () => void
  #closing: Promise<void> | undefined

  constructor(host: Host, identity: Identity, settings: TableSettings, kad: KadDHT) {
    this.#host = host
    this.#settings = settings
    this.#kad = kad
    this.#inside = insideOf(kad)
    this.#intolerant = host.tolerate(() => true)
    this.#bootstrap = settings.bootstrap.filter((address) => !address.toString().endsWith(`/p2p/${host.id}`))
    const { signal } = this.#closed
    const populated = (): boolean => this.#populated
    this.#background = this.#bootstrap.map((address) => keepBootstrap({ host, address, signal, populated, introduce: identity.ask }))
  }

  async provide(key: UniqueId, options?: WaitOptions): Promise<void> {
    this.#admit('provide', options)
    const { serve, name } = this.#settings
    const cid = await cidOf(key)
    if (serve) await this.#inside.providers.addProvider(cid, this.#host.libp2p.peerId)
    if (this.#alone) return
    const signal = this.#bounded(options)
    let stored = serve ? 1 : 0
    const store = async (): Promise<void> => {
      for await (const event of this.#kad.provide(cid, { signal })) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') stored += 1
      }
    }
    try {
      await abortable(store(), signal)
    } catch (error) {
      if (stored === 0 || this.#isCut(options)) throw this.#failure('provide', options, error)
    }
    if (stored > 0) return
    throw new MosaikError('ERR_UNREACHABLE', `no node of the ${name} table took the record; it is tried again when provide is called again`)
  }

  async *find(key: UniqueId, options?: WaitOptions): AsyncGenerator<readonly string[]> {
    this.#admit('find', options)
    const cid = await cidOf(key)
    const seen = new Set<string>([this.#host.id])
    if (this.#settings.serve) {
      const held = await this.#inside.providers.getProviders(cid)
      yield* this.#fresh(
        held.map((id) => ({ id, multiaddrs: [] })),
        seen,
      )
    }
    if (this.#alone) return
    const signal = this.#bounded(options)
    const events = this.#kad.findProviders(cid, { signal })[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await abortable(events.next(), signal)
        if (next.done === true) return
        if (next.value.name === 'PROVIDER') yield* this.#fresh(next.value.providers, seen)
      }
    } catch (error) {
      // Time is up after some answers: those were the answers.
      if (seen.size > 1 && !this.#isCut(options)) return
      throw this.#failure('find', options, error)
    } finally {
      void events.return?.(undefined)?.catch(() => {})
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed.abort(this.#closedError('the session'))
    this.#intolerant()
    await Promise.all(this.#background)
    await this.#kad.setMode('client')
    await stop(this.#kad)
  }

  get #populated(): boolean {
    return this.#inside.routingTable.size > 0
  }

  /** A serving node without anybody to look for is the table by itself; whoever comes asks it. */
  get #alone(): boolean {
    return this.#settings.serve && this.#bootstrap.length === 0 && !this.#populated
  }

  #admit(what: string, options: WaitOptions | undefined): void {
    options?.signal?.throwIfAborted()
    if (this.#closed.signal.aborted) throw this.#closedError(what)
  }

  #bounded(options: WaitOptions | undefined): AbortSignal {
    const signals = [AbortSignal.timeout(QUERY_TIMEOUT), this.#closed.signal]
    return AbortSignal.any(options?.signal === undefined ? signals : [...signals, options.signal])
  }

  #isCut(options: WaitOptions | undefined): boolean {
    return this.#closed.signal.aborted || options?.signal?.aborted === true
  }

  /** Why a query was cut: the caller's reason, the close, or the time that is up. */
  #failure(what: string, options: WaitOptions | undefined, cause: unknown): unknown {
    if (options?.signal?.aborted === true) return options.signal.reason
    if (this.#closed.signal.aborted) return this.#closedError(what)
    const { name, bootstrap } = this.#settings
    const missing = this.#populated
      ? 'no node of the table answered'
      : `no node of the table is reachable; bootstrap: ${bootstrap.join(', ') || 'none given'}`
    return new MosaikError('ERR_TIMEOUT', `${what} in the ${name} table did not succeed within ${QUERY_TIMEOUT / 1000} s: ${missing}`, {
      cause,
    })
  }

  #closedError(what: string): MosaikError {
    return new MosaikError('ERR_CLOSED', `the ${this.#settings.name} table was left, ${what} was cut; join it again`)
  }

  /** Addresses of those who were not seen yet. */
  async *#fresh(providers: readonly PeerInfo[], seen: Set<string>): AsyncGenerator<readonly string[]> {
    for (const provider of providers) {
      const id = provider.id.toString()
      if (seen.has(id)) continue
      const addresses = await addressesOf(this.#host, provider)
      if (addresses.length === 0) continue
      seen.add(id)
      yield addresses
    }
  }
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
