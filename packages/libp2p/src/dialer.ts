import { abortable, isPeerId, joinAddress, MosaikError, splitAddress } from '@mosaik/core'
import type { Clock, PeerId } from '@mosaik/core'
import type { Connection } from '@libp2p/interface'
import type { Connections } from './connections.ts'
import type { AddressBook } from './logic/address-book.ts'
import { dialOrder, staggerMs } from './logic/dial-order.ts'
import type { NetworkMetrics } from './network-metrics.ts'
import type { Session } from './session.ts'

/** Transport dials under way at once, over all peers; more wait for their turn. */
export const MAX_PARALLEL_DIALS = 64
/** One address may take this long, ms. */
const ADDRESS_MS = 5000

export interface DialerInit {
  readonly id: PeerId
  readonly clock: Clock
  readonly connections: Connections
  readonly book: AddressBook
  readonly metrics: NetworkMetrics
  /** Dials one address by whichever transport takes it. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<Connection>
}

/** One dial to one peer, or to one address, shared by everyone who wants it. */
interface SharedDial {
  readonly result: Promise<Session>
  readonly controller: AbortController
  waiting: number
}

/** Finds and verifies peers. */
export class Dialer {
  readonly #init: DialerInit
  readonly #shared = new Map<string, SharedDial>()
  readonly #queue: (() => void)[] = []
  #free = MAX_PARALLEL_DIALS

  constructor(init: DialerInit) {
    this.#init = init
  }

  /** A verified connection to a peer id or an address. Rejects with why there is none, or with the signal's reason. */
  async connect(to: string, signal: AbortSignal): Promise<Session> {
    const { address, peerId } = splitAddress(to)
    if (peerId === undefined) return this.#share(address, [address], undefined, signal)
    if (peerId === this.#init.id) throw new MosaikError('ERR_UNREACHABLE', `${to} is this node itself`)
    const current = this.#init.connections.current(peerId)
    if (current !== undefined) return current
    const known = this.#init.book.get(peerId)
    const addresses = address === '' ? known : [address, ...known]
    if (addresses.length === 0) {
      throw new MosaikError(
        'ERR_UNREACHABLE',
        `no address is known for ${peerId}; use an address ending in /p2p/${peerId}, or learn(peer, addresses) first`,
      )
    }
    return this.#share(peerId, addresses, peerId, signal)
  }

  /** Dials a connected peer anew; the new connection replaces the one there is. */
  async upgrade(peer: PeerId, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const { connections } = this.#init
    connections.upgrading.add(peer)
    try {
      await this.#race(addresses, peer, signal)
    } finally {
      connections.upgrading.delete(peer)
    }
  }

  /** Merges dials to the same target. The dial ends when the last who wants it has given up. */
  async #share(key: string, addresses: readonly string[], peer: PeerId | undefined, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted()
    let shared = this.#shared.get(key)
    if (shared === undefined) {
      const controller = new AbortController()
      const result = this.#race(addresses, peer, controller.signal).finally(() => this.#shared.delete(key))
      result.catch(() => undefined) // Those who wait hear of it.
      shared = { result, controller, waiting: 0 }
      this.#shared.set(key, shared)
    }
    shared.waiting++
    try {
      return await abortable(shared.result, signal)
    } finally {
      if (--shared.waiting === 0) shared.controller.abort(new MosaikError('ERR_CLOSED', 'nobody waits for this dial any more'))
    }
  }

  /** Tries all addresses, each a little after the one before, until one of them, or the peer itself, brings a verified connection. */
  async #race(addresses: readonly string[], peer: PeerId | undefined, outer: AbortSignal): Promise<Session> {
    const candidates = dialOrder(addresses)
    const race = new AbortController()
    const signal = AbortSignal.any([outer, race.signal])
    const { promise, resolve, reject } = Promise.withResolvers<Session>()
    const failures: string[] = []
    let left = candidates.length
    const attempt = async (address: string): Promise<void> => {
      try {
        resolve(await this.#attempt(address, peer, signal))
      } catch (error) {
        if (MosaikError.is(error, 'ERR_DIFFERENT_NETWORK')) reject(error)
        failures.push(`${address}: ${(error as Error).message}`)
        if (--left === 0) reject(unreachable(peer, failures))
      }
    }
    // The other side may be first.
    if (peer !== undefined && !this.#init.connections.upgrading.has(peer)) {
      this.#init.connections.verifiedSession(peer, signal).then(resolve, () => undefined)
    }
    if (left === 0) reject(unreachable(peer, ['none of its addresses can be dialled']))
    void this.#stagger(candidates, attempt, signal)
    try {
      return await abortable(promise, outer)
    } finally {
      race.abort(new Error('another address was faster'))
    }
  }

  /** Starts the attempts: the next one after a pause, or as soon as the one before has failed. */
  async #stagger(candidates: readonly string[], attempt: (address: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    for (const address of candidates) {
      if (signal.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      void attempt(address).then(resolve)
      const cancel = this.#init.clock.after(staggerMs(address), resolve)
      await promise
      cancel()
    }
  }

  async #attempt(address: string, peer: PeerId | undefined, signal: AbortSignal): Promise<Session> {
    const { connections, book } = this.#init
    const connection = await this.#dial(peer === undefined ? address : joinAddress(address, peer), signal)
    const found = connection.remotePeer.toString()
    if (peer !== undefined && found !== peer) {
      connection.abort(new Error(`another peer answered: ${found}`))
      throw new MosaikError('ERR_UNREACHABLE', `another peer answered there: ${found}`)
    }
    try {
      const session = await abortable(connections.settled(connection, signal), signal)
      if (isPeerId(found)) book.learn(found, [address])
      return session
    } catch (error) {
      if (signal.aborted && connections.current(found as PeerId)?.connection !== connection) connection.abort(error as Error)
      throw error
    }
  }

  /** One transport dial, when it is its turn. libp2p's transports listen to their signal even later, so it is one of its own. */
  async #dial(address: string, signal: AbortSignal): Promise<Connection> {
    const { dial, clock, metrics } = this.#init
    await this.#turn(signal)
    const controller = new AbortController()
    const onAbort = (): void => controller.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const cancel = clock.after(ADDRESS_MS, () => controller.abort(new MosaikError('ERR_TIMEOUT', `no answer within ${ADDRESS_MS} ms`)))
    try {
      return await dial(address, controller.signal)
    } catch (error) {
      if (!signal.aborted) metrics.dialFailures.add()
      throw controller.signal.aborted ? controller.signal.reason : error
    } finally {
      cancel()
      signal.removeEventListener('abort', onAbort)
      this.#release()
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#queue.push(resolve)
    try {
      await abortable(promise, signal)
    } catch (error) {
      const at = this.#queue.indexOf(resolve)
      if (at === -1) this.#release()
      else this.#queue.splice(at, 1)
      throw error
    }
  }

  #release(): void {
    const next = this.#queue.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

function unreachable(peer: PeerId | undefined, failures: readonly string[]): MosaikError {
  const whom = peer ?? 'the address'
  const tried = failures.map((failure) => `\n  ${failure}`).join('')
  return new MosaikError(
    'ERR_UNREACHABLE',
    `${whom} could not be reached. Tried:${tried}\nIs the peer running, listening there, and not behind a firewall?`,
  )
}
