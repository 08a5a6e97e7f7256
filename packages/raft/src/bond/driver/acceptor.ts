import { CloseReasons, createLink, networkProof } from '@mosaik/core'
import type { ByteStream, CloseReason, Link, PeerId } from '@mosaik/core'
import { decodeFrame, violation } from '../wire/frames.ts'
import type { Start } from '../wire/frames.ts'
import { MAX_FRAME_BYTES } from '../wire/protocol.ts'
import type { BondContext } from './context.ts'
import { failure } from './dial.ts'
import { LINK_BYTES } from './transmitter.ts'

/** Bonds being accepted at a time, in all and of one peer; more are refused with `TooManyRequests`. */
const MAX_PENDING = 256
const MAX_PENDING_PER_PEER = 4

/** Hears who dials, each within limits, and hands over whom the catalog knows. */
export class Acceptor {
  readonly #context: BondContext
  readonly #take: (link: Link, start: Start) => void
  readonly #pending = new Map<PeerId, number>()
  #pendingInAll = 0

  constructor(context: BondContext, take: (link: Link, start: Start) => void) {
    this.#context = context
    this.#take = take
  }

  /** Takes an inbound stream. Never throws; it ends in a bond or a close frame. */
  accept(stream: ByteStream): void {
    const { clock, endpoint, handshakeMs } = this.#context
    const options = { clock, metrics: endpoint.metrics, maxMessageBytes: MAX_FRAME_BYTES, highWaterBytes: LINK_BYTES }
    const link = createLink(stream, { ...options, firstMessageMs: handshakeMs })
    const peer = link.peerId
    const ofPeer = this.#pending.get(peer) ?? 0
    if (ofPeer >= MAX_PENDING_PER_PEER || this.#pendingInAll >= MAX_PENDING) {
      return this.#refuse(link, { ...CloseReasons.TooManyRequests, detail: 'too many bonds are being made' })
    }
    this.#pending.set(peer, ofPeer + 1)
    this.#pendingInAll += 1
    void this.#admit(link)
      .catch((error: unknown) => this.#refuse(link, failure(error)))
      .finally(() => {
        const left = (this.#pending.get(peer) ?? 1) - 1
        if (left === 0) this.#pending.delete(peer)
        else this.#pending.set(peer, left)
        this.#pendingInAll -= 1
      })
  }

  async #admit(link: Link): Promise<void> {
    const { endpoint } = this.#context
    const start = decodeFrame(await link.receive())
    if (start.type !== 'start') throw violation(`the first frame is a ${start.type}, not a start`)
    if (start.proof !== networkProof(endpoint.networkId, link.peerId, endpoint.id)) return this.#refuse(link, CloseReasons.DifferentNetwork)
    if (this.#context.entryOf(link.peerId) === undefined) await this.#context.sync(link.peerId)
    if (this.#context.entryOf(link.peerId) === undefined) {
      return this.#refuse(link, { ...CloseReasons.UnknownPeer, detail: 'not in the catalog, not even after a sync' })
    }
    if (link.ended === undefined) this.#take(link, start)
  }

  #refuse(link: Link, reason: CloseReason): void {
    if (link.ended === undefined) {
      this.#context.meters.ended(reason.name)
      this.#context.logger.debug('refused a bond of %s: %s %s', link.peerId, reason.name, reason.detail ?? '')
    }
    void link.close(reason)
  }
}
