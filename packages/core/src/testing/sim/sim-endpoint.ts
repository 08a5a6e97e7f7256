import { createWatch } from '../../async/watch.ts'
import type { WaitOptions, WatchSource } from '../../async/watch.ts'
import { MosaikError } from '../../check/error.ts'
import type { NetworkId, PeerId, SecretKey } from '../../id/types.ts'
import { peerIdOf, signWith } from '../../identity/secret-key.ts'
import { isAddress, joinAddress, splitAddress } from '../../net/address.ts'
import type { ByteStream, Endpoint } from '../../net/endpoint.ts'
import type { Logger } from '../../observe/logger.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { Prng } from '../../random/prng.ts'
import type { Clock } from '../../time/clock.ts'
import { AddressBook } from './address-book.ts'
import type { End } from './connection.ts'
import { Attempt, type Party } from './dial.ts'
import type { Host } from './host.ts'
import type { Medium } from './medium.ts'
import { PendingCalls } from './pending-calls.ts'
import { SimGossip } from './sim-gossip.ts'
import type { SimRendezvous } from './sim-rendezvous.ts'
import { SimStream } from './sim-stream.ts'

const OPEN_MS = 10_000
const CLOSE_MS = 2000
/** Far above what a close can take, microseconds. */
const DRIVE_CLOSE_US = 60e6
const FLUSH_CHECK_MS = 5
/** Streams on one connection; more are refused. */
const MAX_STREAMS = 2048

export interface SimEndpointParts {
  readonly medium: Medium
  readonly host: Host
  readonly networkId: NetworkId
  readonly secretKey: SecretKey
  readonly online: boolean
  readonly logger: Logger
  readonly metrics: Metrics
  /** Who listens at an address now. */
  readonly find: (address: string) => SimEndpoint | undefined
  readonly rendezvous: (endpoint: SimEndpoint) => SimRendezvous
}

/** A simulated endpoint: what `Endpoint` promises, over the wires of a world. */
export class SimEndpoint implements Endpoint, Party {
  readonly id: PeerId
  readonly networkId: NetworkId
  readonly host: Host
  readonly secretKey: SecretKey
  readonly addressesWatch: WatchSource<readonly string[]>
  readonly connections: WatchSource<ReadonlySet<PeerId>> = createWatch<ReadonlySet<PeerId>>(new Set())
  readonly online: WatchSource<boolean>
  readonly gossip: SimGossip
  readonly rendezvous: SimRendezvous
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly metrics: Metrics
  isOpen = true
  readonly #parts: SimEndpointParts
  readonly #ends = new Map<PeerId, End>()
  readonly #attempts = new Map<string, Attempt>()
  readonly #handlers = new Map<string, (stream: ByteStream) => void>()
  readonly #book = new AddressBook()
  readonly #calls: PendingCalls
  #streams = 0
  #closing: Promise<void> | undefined

  constructor(parts: SimEndpointParts) {
    const { host, secretKey, logger, metrics } = parts
    this.#parts = parts
    this.id = peerIdOf(secretKey)
    this.networkId = parts.networkId
    this.host = host
    this.secretKey = secretKey
    this.addressesWatch = createWatch<readonly string[]>([joinAddress(host.address, this.id)])
    this.online = createWatch(parts.online)
    this.clock = host.clock
    this.prng = host.prng
    this.logger = logger
    this.metrics = metrics
    this.gossip = new SimGossip(this)
    this.rendezvous = parts.rendezvous(this)
    this.#calls = new PendingCalls(host)
  }

  get addresses(): readonly string[] {
    return this.addressesWatch.value
  }

  get ends(): Iterable<End> {
    return this.#ends.values()
  }

  open(to: string, protocol: string, { signal }: WaitOptions = {}): Promise<ByteStream> {
    return this.#calls.run(`open ${to} for ${protocol}`, OPEN_MS, signal, async (isLive) => {
      const end = await this.#reach(to)
      if (!isLive()) throw new MosaikError('ERR_CLOSED', 'the call is over')
      return this.#request(end, protocol, isLive)
    })
  }

  connect(to: string, { signal }: WaitOptions = {}): Promise<PeerId> {
    return this.#calls.run(`connect to ${to}`, OPEN_MS, signal, async () => (await this.#reach(to)).remotePeer)
  }

  async disconnect(peer: PeerId): Promise<void> {
    this.#ends.get(peer)?.goodbye(new MosaikError('ERR_CLOSED', `the connection to ${peer} was ended here`))
  }

  release(peer: PeerId): void {
    const end = this.liveEnd(peer)
    if (end?.dialled === true && end.streams.size === 0)
      end.goodbye(new MosaikError('ERR_CLOSED', `the connection to ${peer} was given up here`))
  }

  learn(peer: PeerId, addresses: readonly string[]): void {
    const usable = addresses.filter((address) => isAddress(address) && (splitAddress(address).peerId ?? peer) === peer)
    const plain = usable.map((address) => splitAddress(address).address)
    if (peer !== this.id && plain.length > 0) this.#book.learn(peer, plain)
  }

  handle(protocol: string, accept: (stream: ByteStream) => void): void {
    if (this.#handlers.has(protocol)) throw new MosaikError('ERR_ALREADY_EXISTS', `${protocol} is handled already`)
    this.#handlers.set(protocol, accept)
  }

  unhandle(protocol: string): void {
    this.#handlers.delete(protocol)
  }

  sign(bytes: Uint8Array): Uint8Array {
    return signWith(this.secretKey, bytes)
  }

  close(): Promise<void> {
    this.#closing ??=
      this.host.state === 'running' ? this.#parts.medium.timeline.drive(this.#shutdown(), DRIVE_CLOSE_US, 'close') : this.#stopped()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The process is gone: its calls fail, nobody else is told. */
  kill(): void {
    this.isOpen = false
    this.host.state = 'dead'
    this.host.backlog.length = 0
    this.#calls.close(new MosaikError('ERR_CLOSED', 'the endpoint was killed'))
  }

  liveEnd(peer: PeerId): End | undefined {
    const end = this.#ends.get(peer)
    return end?.state === 'alive' ? end : undefined
  }

  isAnsweredBy(peer: PeerId): boolean {
    for (const attempt of this.#attempts.values()) if (attempt.answeredBy === peer) return true
    return false
  }

  adopt(end: End): void {
    const peer = end.remotePeer
    this.#ends.get(peer)?.die(new MosaikError('ERR_CLOSED', `a newer connection to ${peer} took the place of this one`))
    this.#ends.set(peer, end)
    this.connections.set(new Set(this.#ends.keys()))
    this.gossip.onConnected(end)
    for (const attempt of [...this.#attempts.values()]) if (attempt.wants(peer)) attempt.succeed(end)
  }

  onForeigner(peer: PeerId): void {
    this.metrics.counter('mosaik.endpoint.refused', { reason: 'different-network' }).add()
    this.logger.info('turned away %s of a different network', peer)
  }

  onRequest(end: End, id: number, protocol: string): void {
    const accept = this.#handlers.get(protocol)
    if (!this.isOpen || accept === undefined || end.streams.size >= MAX_STREAMS) {
      const reason = accept === undefined ? `it does not speak ${protocol}` : 'it takes no more streams'
      end.toStream(id, { kind: 'refusal', lane: { last: 0 }, deliver: (near) => near.finish(new Error(reason)) })
      return
    }
    const stream = new SimStream(end, id, protocol, 'inbound')
    end.streams.set(id, stream)
    stream.accepted()
    try {
      accept(stream)
    } catch (error) {
      this.logger.error('the handler of %s threw, its stream is aborted: %o', protocol, error)
      stream.abort(error)
    }
  }

  onTopic(end: End, topic: string, joined: boolean): void {
    this.gossip.onTopic(end, topic, joined)
  }

  onGossip(end: End, topic: string, data: Uint8Array): void {
    this.gossip.onGossip(end, topic, data)
  }

  onEndDead(end: End): void {
    this.gossip.onGone(end)
    if (this.#ends.get(end.remotePeer) !== end) return
    this.#ends.delete(end.remotePeer)
    this.connections.set(new Set(this.#ends.keys()))
  }

  /** A living connection to whoever `to` names. */
  async #reach(to: string): Promise<End> {
    const { address, peerId } = splitAddress(to)
    if (address === '' ? peerId === undefined : !isAddress(address)) {
      throw new MosaikError('ERR_INVALID_OPTION', `not an address or a peer id: ${JSON.stringify(to)}`)
    }
    const live = peerId === undefined ? undefined : this.liveEnd(peerId)
    if (live !== undefined) return live
    const addresses = address === '' ? this.#book.of(peerId as PeerId) : [address]
    if (addresses.length === 0) throw new MosaikError('ERR_UNREACHABLE', `no address of ${to} is known; learn one or pass one`)
    try {
      return await Promise.any(addresses.map((one) => this.#attempt(one, peerId)))
    } catch (error) {
      throw allFailed(to, (error as AggregateError).errors as Error[])
    }
  }

  /** The dial of an address; those who dial it at the same time share it. */
  #attempt(address: string, expected: PeerId | undefined): Promise<End> {
    const key = `${address} ${expected ?? ''}`
    const running = this.#attempts.get(key)
    if (running !== undefined) return running.outcome
    const attempt = new Attempt(this.#parts.medium, this, address, expected, () => this.#parts.find(address))
    this.#attempts.set(key, attempt)
    const forget = (): unknown => this.#attempts.delete(key)
    attempt.outcome.then((end) => (forget(), this.#book.learn(end.remotePeer, [address])), forget)
    return attempt.outcome
  }

  async #request(end: End, protocol: string, isLive: () => boolean): Promise<ByteStream> {
    const id = end.streamId(this.#streams++)
    const stream = new SimStream(end, id, protocol, 'outbound')
    end.streams.set(id, stream)
    const answer = stream.answered()
    const bytes = new TextEncoder().encode(protocol)
    end.send({ kind: 'open', lane: stream.lane, bytes, deliver: (far) => far.endpoint.onRequest(far, id, protocol) })
    if (end.state === 'dead') stream.finish(new Error('the connection is gone'))
    await answer
    if (!isLive()) stream.abort()
    return stream
  }

  async #shutdown(): Promise<void> {
    const reason = new MosaikError('ERR_CLOSED', 'the endpoint was closed')
    this.isOpen = false
    this.#calls.close(reason)
    for (const attempt of [...this.#attempts.values()]) attempt.fail('ERR_CLOSED', reason.message)
    this.rendezvous.close()
    const deadline = this.clock.monotonic() + CLOSE_MS
    while (!this.#isFlushed() && this.clock.monotonic() < deadline) {
      await new Promise<void>((resolve) => void this.clock.after(FLUSH_CHECK_MS, resolve))
    }
    for (const end of [...this.#ends.values()]) end.goodbye(reason)
    this.#stop(reason)
  }

  /** Closing a process that is paused or dead tells nobody anything. */
  async #stopped(): Promise<void> {
    this.kill()
    this.#stop(new MosaikError('ERR_CLOSED', 'the endpoint was closed'))
  }

  #stop(reason: Error): void {
    this.#handlers.clear()
    this.gossip.close()
    for (const watch of [this.connections, this.addressesWatch, this.online]) watch.close(reason)
  }

  #isFlushed(): boolean {
    for (const end of this.#ends.values()) for (const stream of end.streams.values()) if (!stream.isFlushed) return false
    return true
  }
}

/** Several failed dials as one error: a different network is told before anything else. */
function allFailed(to: string, errors: readonly Error[]): Error {
  const foreign = errors.find((error) => MosaikError.is(error, 'ERR_DIFFERENT_NETWORK'))
  if (foreign !== undefined || errors.length === 1) return foreign ?? (errors[0] as Error)
  const reasons = errors.map((error) => error.message).join('; ')
  return new MosaikError('ERR_UNREACHABLE', `none of ${errors.length} addresses led to ${to}: ${reasons}`, { cause: errors[0] })
}
