import type { Link } from '@mosaik/core'
import { Outbound } from '../logic/outbound.ts'
import type { OutboundLimits } from '../logic/outbound.ts'
import { encodeFrame } from '../wire/frames.ts'
import type { BondFrame } from '../wire/frames.ts'
import { MAX_PARTIAL, PIECE_BYTES } from '../wire/protocol.ts'
import type { BondMeters } from './meters.ts'

const MIB = 1024 * 1024

/** How much of a group may wait on one bond, and of all. What is beyond is refused, see `Membership.send`. */
const LIMITS: OutboundLimits = {
  pieceBytes: PIECE_BYTES,
  maxPartial: MAX_PARTIAL,
  ownBytes: MIB,
  controlBytes: 2 * MIB,
  bulkBytes: 24 * MIB,
  totalBytes: 64 * MIB,
  reservedBytes: MIB,
}

/** Bytes that may be in the link, where nothing overtakes any more. */
export const LINK_BYTES: number = 128 * 1024

/** The sending half of a bond: keeps the link just busy, and everything else where the order can still be chosen. */
export class Transmitter {
  readonly #link: Link
  readonly #meters: BondMeters
  readonly #beat: () => BondFrame | undefined
  readonly #outbound: Outbound = new Outbound(LIMITS)
  #isFull = false

  /** `beat` answers a heartbeat when one is due; it goes before everything else. */
  constructor(link: Link, meters: BondMeters, beat: () => BondFrame | undefined) {
    this.#link = link
    this.#meters = meters
    this.#beat = beat
  }

  /** Everything of groups that waits, bytes. */
  get bytes(): number {
    return this.#outbound.bytes
  }

  /** The link has room again. Answers the numbers of groups that may send again. */
  drained(): number[] {
    this.#isFull = false
    this.pump()
    return this.#outbound.takeReady()
  }

  /** Sends a frame of the bond itself. False: so many wait already that the other side cannot be reading. */
  own(frame: BondFrame): boolean {
    this.#outbound.own(encodeFrame(frame))
    this.pump()
    return !this.#outbound.overrun
  }

  /** Sends a frame of a group. False: there was no room. */
  push(n: number, bytes: Uint8Array, bulk: boolean): boolean {
    if (!this.#outbound.push(n, bytes, bulk)) {
      this.#meters.lostFrames.add()
      return false
    }
    this.pump()
    return true
  }

  open(n: number): void {
    this.#outbound.open(n)
  }

  /** Drops what waits of a group, but for its control frames if those are to be sent yet, as far as there is room. */
  close(n: number, sendControl: boolean): void {
    const control = this.#outbound.close(n)
    if (!sendControl) return
    for (const payload of control) {
      if (this.#outbound.ownBytes > LIMITS.ownBytes / 2) return this.#meters.lostFrames.add()
      this.#outbound.own(encodeFrame({ type: 'control', n, payload }))
    }
  }

  pump(): void {
    while (!this.#isFull) {
      const bytes = this.#next()
      if (bytes === undefined) return
      this.#meters.sentBytes.add(bytes.length)
      this.#isFull = !this.#link.send(bytes)
    }
  }

  /** Gives the link what is left of the bond's own frames, which are the last. */
  finish(): void {
    for (;;) {
      const next = this.#outbound.next()
      if (next?.type !== 'ready') return
      this.#link.send(next.bytes)
    }
  }

  #next(): Uint8Array | undefined {
    const beat = this.#beat()
    if (beat !== undefined) return encodeFrame(beat)
    const next = this.#outbound.next()
    if (next === undefined) return undefined
    return next.type === 'ready' ? next.bytes : encodeFrame(next)
  }
}
