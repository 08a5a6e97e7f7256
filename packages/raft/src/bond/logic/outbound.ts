import { createFifo } from '@mosaik/core'

/** A piece of a group's frame, or something of the bond itself that is encoded already. */
export type Next =
  | { readonly type: 'ready'; readonly bytes: Uint8Array }
  | { readonly type: 'control' | 'part' | 'bulk'; readonly n: number; readonly payload: Uint8Array }

export interface OutboundLimits {
  /** Bytes of a bulk frame that travel at a time. */
  readonly pieceBytes: number
  /** Bulk frames of more than one piece under way at a time. */
  readonly maxPartial: number
  /** What may wait of the bond itself, bytes. More: `overrun`. */
  readonly ownBytes: number
  /** What may wait of one group, bytes. */
  readonly controlBytes: number
  readonly bulkBytes: number
  /** What may wait of all groups together beyond `reservedBytes` for each, bytes. */
  readonly totalBytes: number
  /** What of one group may wait however much of others does, bytes, for control and bulk each. */
  readonly reservedBytes: number
}

/** What a frame costs besides its bytes: it bounds how many empty ones can wait. */
const FRAME_COST = 32

class Lane {
  readonly n: number
  readonly control = createFifo<Uint8Array>()
  readonly bulk = createFifo<Uint8Array>()
  controlBytes = 0
  bulkBytes = 0
  /** How much of the first bulk frame is on its way. */
  sent = 0
  /** Bulk bytes that it has sent since its turn began. */
  turn = 0

  constructor(n: number) {
    this.n = n
  }
}

/**
 * What waits to be sent on a bond. The bond's own frames go first, then control frames of all groups in turn, then bulk
 * frames in turn, piece by piece. What exceeds a limit is refused and kept nowhere; no group takes what is reserved for others.
 */
export class Outbound {
  readonly #limits: OutboundLimits
  readonly #own = createFifo<Uint8Array>()
  #ownBytes = 0
  readonly #lanes = new Map<number, Lane>()
  /** Lanes with something to send, those whose turn it is first. */
  readonly #control = new Set<Lane>()
  readonly #bulk = new Set<Lane>()
  /** Lanes whose first bulk frame is under way. */
  readonly #partial = new Set<Lane>()
  /** Lanes of which something was refused; they are told when there is room again. */
  readonly #refused = new Set<Lane>()
  #totalBytes = 0

  constructor(limits: OutboundLimits) {
    this.#limits = limits
  }

  /** Everything of groups that waits, bytes. */
  get bytes(): number {
    return this.#totalBytes
  }

  /** What waits of the bond itself, bytes. */
  get ownBytes(): number {
    return this.#ownBytes
  }

  get overrun(): boolean {
    return this.#ownBytes > this.#limits.ownBytes
  }

  /** Queues a frame of the bond itself, encoded. */
  own(bytes: Uint8Array): void {
    this.#own.push(bytes)
    this.#ownBytes += bytes.length + FRAME_COST
  }

  open(n: number): void {
    this.#lanes.set(n, new Lane(n))
  }

  /** Drops what waits. Answers the control frames among it. */
  close(n: number): readonly Uint8Array[] {
    const lane = this.#lanes.get(n)
    if (lane === undefined) return []
    this.#lanes.delete(n)
    this.#control.delete(lane)
    this.#bulk.delete(lane)
    this.#partial.delete(lane)
    this.#refused.delete(lane)
    this.#totalBytes -= lane.controlBytes + lane.bulkBytes
    return lane.control.toArray()
  }

  /** Queues a frame of a group. False: there is no room for it. */
  push(n: number, bytes: Uint8Array, bulk: boolean): boolean {
    const lane = this.#lanes.get(n)
    if (lane === undefined) return false
    const cost = bytes.length + FRAME_COST
    const waiting = (bulk ? lane.bulkBytes : lane.controlBytes) + cost
    if (!this.#hasRoom(waiting, cost, bulk)) {
      this.#refused.add(lane)
      return false
    }
    this.#totalBytes += cost
    if (bulk) {
      lane.bulk.push(bytes)
      lane.bulkBytes = waiting
      this.#bulk.add(lane)
    } else {
      lane.control.push(bytes)
      lane.controlBytes = waiting
      this.#control.add(lane)
    }
    return true
  }

  /** What to send next; undefined when nothing waits. */
  next(): Next | undefined {
    const own = this.#own.shift()
    if (own !== undefined) {
      this.#ownBytes -= own.length + FRAME_COST
      return { type: 'ready', bytes: own }
    }
    for (const lane of this.#control) return this.#nextControl(lane)
    for (const lane of this.#bulk) {
      const isLong = (lane.bulk.first as Uint8Array).length > this.#limits.pieceBytes
      if (isLong && !this.#partial.has(lane) && this.#partial.size >= this.#limits.maxPartial) continue
      return this.#nextBulk(lane)
    }
    return undefined
  }

  /** Groups of which something was refused and for which there is room again; each is answered once. */
  takeReady(): number[] {
    const ready: number[] = []
    for (const lane of this.#refused) {
      if (!this.#isRoomy(lane)) continue
      this.#refused.delete(lane)
      ready.push(lane.n)
    }
    return ready
  }

  #hasRoom(waiting: number, cost: number, bulk: boolean): boolean {
    const { reservedBytes, controlBytes, bulkBytes, totalBytes } = this.#limits
    if (waiting <= reservedBytes) return true
    return waiting <= (bulk ? bulkBytes : controlBytes) && this.#totalBytes + cost <= totalBytes
  }

  #isRoomy({ controlBytes, bulkBytes }: Lane): boolean {
    const { controlBytes: control, bulkBytes: bulk, totalBytes, reservedBytes } = this.#limits
    if (controlBytes > control / 2 || bulkBytes > bulk / 2) return false
    return this.#totalBytes <= totalBytes / 2 || controlBytes + bulkBytes <= reservedBytes / 2
  }

  #nextControl(lane: Lane): Next {
    const payload = lane.control.shift() as Uint8Array
    this.#control.delete(lane)
    if (lane.control.length > 0) this.#control.add(lane)
    lane.controlBytes -= payload.length + FRAME_COST
    this.#totalBytes -= payload.length + FRAME_COST
    return { type: 'control', n: lane.n, payload }
  }

  #nextBulk(lane: Lane): Next {
    const frame = lane.bulk.first as Uint8Array
    const { pieceBytes } = this.#limits
    const payload = frame.subarray(lane.sent, lane.sent + pieceBytes)
    const isLast = lane.sent + payload.length === frame.length
    const paid = payload.length + (isLast ? FRAME_COST : 0)
    lane.bulkBytes -= paid
    this.#totalBytes -= paid
    if (isLast) {
      lane.bulk.shift()
      lane.sent = 0
      this.#partial.delete(lane)
    } else {
      lane.sent += payload.length
      this.#partial.add(lane)
    }
    this.#endTurn(lane, payload.length)
    return { type: isLast ? 'bulk' : 'part', n: lane.n, payload }
  }

  /** A turn is one piece, or as many whole frames. */
  #endTurn(lane: Lane, sent: number): void {
    lane.turn += sent
    if (lane.bulk.length > 0 && lane.turn < this.#limits.pieceBytes) return
    lane.turn = 0
    this.#bulk.delete(lane)
    if (lane.bulk.length > 0) this.#bulk.add(lane)
  }
}
