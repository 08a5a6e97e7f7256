import { abortable, CloseReasons, createLink, deadline, MosaikError, sleep } from '@mosaik/core'
import type { ByteStream, PeerId, WaitOptions } from '@mosaik/core'
import { jittered } from '../logic/schedule.ts'
import { MAX_PING_BYTES, MAX_PINGS } from '../wire/limits.ts'
import { PING_PROTOCOL } from '../wire/protocols.ts'
import type { NodeContext } from './context.ts'
import { InboundGate, turnAway } from './inbound.ts'

const INBOUND = { total: 128, perPeer: 2 }
/** An inbound ping link may last this long. */
const LINK_MS = 30_000
const PROBE_MS = 5000
const MEASURE_MS = 1000
const CONCURRENCY = 8
const PROBE_JITTER = 0.5
const NOTHING = new Uint8Array(0)

/** Answers pings, and measures round-trip times of those peers that somebody wants to know them of. */
export class Pinger {
  readonly #node: NodeContext
  readonly #gate = new InboundGate(INBOUND)
  /** Peers whose round-trip time was asked for. */
  readonly #interesting = new Set<PeerId>()
  readonly #inFlight = new Map<PeerId, Promise<number | undefined>>()
  readonly #queue = new Set<PeerId>()
  #probing = false

  constructor(node: NodeContext) {
    this.#node = node
  }

  start(): void {
    if (this.#node.config.maxRtt !== undefined) this.#probe()
  }

  rtt(peer: PeerId): number | undefined {
    return this.#node.keeper.rtts.get(peer, this.#node.endpoint.clock.monotonic())
  }

  /** Measures at once unless a sample is there; from now on this peer is probed in the background. */
  async measure(peer: PeerId, { signal }: WaitOptions = {}): Promise<number | undefined> {
    signal?.throwIfAborted()
    if (this.#node.keeper.store.entryOf(peer) !== undefined) this.#interesting.add(peer)
    this.#probe()
    const known = this.rtt(peer)
    if (known !== undefined) return known
    const late = (): Error => new MosaikError('ERR_TIMEOUT', `${peer} did not answer a ping within ${MEASURE_MS} ms`)
    return abortable(
      deadline(this.#node.endpoint.clock, MEASURE_MS, () => this.#ping(peer), late, { signal: this.#node.scope.signal }).catch(
        (error: unknown) => {
          if (this.#node.scope.signal.aborted) throw error
          return undefined
        },
      ),
      signal,
    )
  }

  /** Its round-trip time is measured now and again. */
  isProbed(peer: PeerId): boolean {
    return this.#node.config.maxRtt !== undefined || this.#interesting.has(peer)
  }

  /** A peer has come into the catalog. */
  discovered(peer: PeerId): void {
    if (this.#node.config.maxRtt === undefined) return
    this.#queue.add(peer)
    this.#drain()
  }

  departed(peer: PeerId): void {
    this.#interesting.delete(peer)
    this.#queue.delete(peer)
  }

  /** Serves one inbound stream: every message is answered with an empty one. */
  accept(stream: ByteStream): void {
    const { clock } = this.#node.endpoint
    const leave = this.#gate.enter(stream.peerId)
    if (leave === undefined) return turnAway(stream, clock)
    const link = createLink(stream, { clock, maxMessageBytes: MAX_PING_BYTES })
    const cancel = clock.after(LINK_MS, () => link.abort(CloseReasons.Timeout))
    const forget = this.#node.scope.add(() => link.abort(CloseReasons.GracefulShutdown))
    let count = 0
    link.onMessage(() => {
      count++
      if (count > MAX_PINGS) throw new Error(`more than ${MAX_PINGS} pings on one link`)
      link.send(NOTHING)
    })
    void link.closed.then(() => {
      cancel()
      forget()
      leave()
    })
  }

  #probe(): void {
    if (this.#probing) return
    this.#probing = this.#node.scope.spawn(async (signal) => {
      for (;;) {
        await sleep(this.#node.endpoint.clock, jittered(this.#node.config.rttProbeInterval, PROBE_JITTER, this.#node.endpoint.prng), {
          signal,
        })
        for (const peer of this.#interesting) this.#queue.add(peer)
        if (this.#node.config.maxRtt !== undefined) {
          for (const { entry } of this.#node.keeper.store.held())
            if (entry !== undefined && entry.peerId !== this.#node.endpoint.id) this.#queue.add(entry.peerId)
        }
        this.#drain()
      }
    })
  }

  #drain(): void {
    for (const peer of this.#queue) {
      if (this.#inFlight.size >= CONCURRENCY) return
      this.#queue.delete(peer)
      this.#node.scope.spawn(() => this.#ping(peer))
    }
  }

  /** One probe per peer at a time; undefined when it failed. */
  #ping(peer: PeerId): Promise<number | undefined> {
    let probe = this.#inFlight.get(peer)
    if (probe !== undefined) return probe
    const late = (): Error => new MosaikError('ERR_TIMEOUT', `${peer} did not answer a ping within ${PROBE_MS} ms`)
    probe = deadline(this.#node.endpoint.clock, PROBE_MS, (signal) => this.#roundTrip(peer, signal), late, {
      signal: this.#node.scope.signal,
    })
      .then((sample) => this.#node.keeper.rtts.sample(peer, sample, this.#node.endpoint.clock.monotonic()))
      .catch((error: unknown) => {
        this.#node.log.debug('ping %s: %s', peer, error instanceof Error ? error.message : error)
        return undefined
      })
      .finally(() => {
        this.#inFlight.delete(peer)
        this.#node.keeper.touch(peer) // whoever decides by round-trip times looks again
        this.#drain()
      })
    this.#inFlight.set(peer, probe)
    return probe
  }

  /** The second exchange is the one that counts: the first also pays for opening the stream. */
  async #roundTrip(peer: PeerId, signal: AbortSignal): Promise<number> {
    const { clock } = this.#node.endpoint
    const stream = await this.#node.endpoint.open(peer, PING_PROTOCOL, { signal })
    const link = createLink(stream, { clock, maxMessageBytes: MAX_PING_BYTES, firstMessageMs: PROBE_MS })
    try {
      link.send(NOTHING)
      await link.receive({ signal })
      const sentAt = clock.monotonic()
      link.send(NOTHING)
      await link.receive({ signal })
      return clock.monotonic() - sentAt
    } finally {
      void link.close(signal.aborted ? CloseReasons.Timeout : CloseReasons.Success)
    }
  }
}
