import { CloseReasons, createLink, MosaikError, networkProof } from '@mosaik/core'
import type { ByteStream, CloseReason, Link, PeerId } from '@mosaik/core'
import { decodeFrame, encodeFrame, violation } from '../wire/frames.ts'
import { MAX_FRAME_BYTES, PROTOCOL } from '../wire/protocol.ts'
import type { BondContext } from './context.ts'
import { LINK_BYTES } from './transmitter.ts'

export type DialResult = { readonly link: Link; readonly run: bigint } | { readonly failed: CloseReason }

/** One attempt to make a bond with a peer. */
export class Dial {
  readonly token: bigint
  /** Our `start` has been sent, and may come to something. */
  started = false
  readonly #context: BondContext
  readonly #peerId: PeerId
  readonly #abort = new AbortController()
  #link: Link | undefined

  constructor(context: BondContext, peerId: PeerId) {
    this.#context = context
    this.#peerId = peerId
    this.token = context.token()
  }

  /** `seen`: the token of the newest bond accepted from the peer. Never rejects. */
  async run(seen: bigint): Promise<DialResult> {
    const { endpoint, meters } = this.#context
    const { signal } = this.#abort
    meters.dials.add()
    try {
      const stream = await endpoint.open(this.#peerId, PROTOCOL, { signal })
      if (signal.aborted) stream.abort()
      signal.throwIfAborted()
      const link = this.#linkOf(stream)
      this.started = true
      const proof = networkProof(endpoint.networkId, endpoint.id, this.#peerId)
      link.send(encodeFrame({ type: 'start', proof, run: this.#context.run, token: this.token, seen }))
      const first = decodeFrame(await link.receive({ signal }))
      if (first.type !== 'welcome') throw violation(`the answer to a start is a ${first.type}`)
      return { link, run: first.run }
    } catch (error) {
      this.started = false
      const reason = failure(error)
      void this.#link?.close(reason)
      return { failed: reason }
    }
  }

  /** Gives it up. */
  cancel(reason: CloseReason): void {
    this.#abort.abort(new MosaikError('ERR_CLOSED', `the dial was given up: ${reason.name}`, { value: reason }))
  }

  #linkOf(stream: ByteStream): Link {
    const { clock, endpoint, handshakeMs } = this.#context
    // The other side may sync with us before it answers.
    const firstMessageMs = 2 * handshakeMs
    const options = { clock, metrics: endpoint.metrics, maxMessageBytes: MAX_FRAME_BYTES, highWaterBytes: LINK_BYTES }
    this.#link = createLink(stream, { ...options, firstMessageMs })
    return this.#link
  }
}

/** What an attempt that came to nothing is called. */
export function failure(error: unknown): CloseReason {
  if (MosaikError.is(error, 'ERR_CLOSED') && isReason(error.value)) return error.value
  const detail = error instanceof Error ? error.message : String(error)
  if (MosaikError.is(error, 'ERR_PROTOCOL')) return { ...CloseReasons.ProtocolViolation, detail }
  if (MosaikError.is(error, 'ERR_DIFFERENT_NETWORK')) return { ...CloseReasons.DifferentNetwork, detail }
  if (MosaikError.is(error, 'ERR_TIMEOUT')) return { ...CloseReasons.Timeout, detail }
  return { ...CloseReasons.UnexpectedClose, detail }
}

function isReason(value: unknown): value is CloseReason {
  return typeof value === 'object' && value !== null && typeof (value as CloseReason).code === 'number'
}
