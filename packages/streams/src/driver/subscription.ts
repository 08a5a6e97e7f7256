import { CloseReasons, createLink, MosaikError, networkProof } from '@mosaik/core'
import type { ByteStream, CloseReason, Endpoint, Link, PeerId, StreamId } from '@mosaik/core'
import { commonRoom, Window } from '../logic/window.ts'
import type { Room } from '../logic/window.ts'
import type { Lagging } from '../types.ts'
import type { Where } from '../where.ts'
import { decodeNotice, decodeStart, encodeCredit, encodeSubscribe, violation } from '../wire/messages.ts'
import { ANSWER_MS, MAX_DATUM_BYTES, WINDOW_BYTES } from '../wire/protocol.ts'
import type { NodeContext } from './context.ts'

/** One of the consumers behind a subscription. */
export interface Member {
  /** What its queue still takes of this producer. */
  readonly room: Room
  /** The same when it is empty. */
  readonly bufferSize: number
  /** From now on it gets every item. */
  onStart(): void
  /** An item; the bytes are this member's own. It decides what to do when it has no room. */
  onItem(bytes: Uint8Array, lagging: Lagging): void
  /** Items that the producer dropped here. */
  onDropped(count: number): void
  /** It is over. `lost`: nobody said so. Called once, not after the member has left. */
  onEnded(reason: CloseReason, lost: boolean): void
}

export interface SubscriptionOptions {
  readonly context: NodeContext
  readonly producer: PeerId
  readonly stream: StreamId
  readonly where: Where | undefined
  /** Opens a byte stream to the producer. */
  readonly open: (signal: AbortSignal) => Promise<ByteStream>
  readonly onEnded: () => void
}

const EMPTY: Uint8Array = new Uint8Array(0)

/**
 * The consumer node's end of one subscription, shared by every consumer that asks for the same. It is one generation:
 * it connects once, ends once, and what comes late for an earlier one has nobody to reach.
 */
export class Subscription {
  readonly #options: SubscriptionOptions
  /** Replaced, never changed. */
  #members: readonly Member[] = []
  /** The room that counts when all queues are empty. */
  #whole: Room = { items: 0, bytes: 0 }
  readonly #window = new Window()
  #link: Link | undefined
  readonly #opening = new AbortController()
  #lagging: Lagging | undefined
  #over = false
  /** The last message was empty: the next one is a notice. */
  #escaped = false
  /** Somebody has taken something that has not been granted again. */
  #owing = false
  #granting = false

  constructor(options: SubscriptionOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#lagging !== undefined && !this.#over
  }

  join(member: Member): void {
    this.#setMembers([...this.#members, member])
    if (this.isConnected) {
      member.onStart()
      this.roomChanged()
    }
  }

  /** A member that needs this no longer. The last one ends it, for the producer too. Answers the reason that holds in the end. */
  async leave(member: Member, reason: CloseReason): Promise<CloseReason> {
    this.#setMembers(this.#members.filter((other) => other !== member))
    if (this.#members.length > 0 || this.#over) {
      this.roomChanged()
      return reason
    }
    this.#over = true
    this.#opening.abort(new MosaikError('ERR_CLOSED', 'nobody wants this subscription any more'))
    this.#options.onEnded()
    if (this.#link === undefined) return reason
    await this.#link.close(reason)
    return this.#link.closed
  }

  /** Connects; the members that are there decide the first credit. */
  async run(): Promise<void> {
    const { context, producer, open } = this.#options
    try {
      await this.#converse(context.endpoint, producer, await open(this.#opening.signal))
    } catch (error) {
      this.#end(failure(error), true)
    }
  }

  async #converse({ clock, metrics }: Endpoint, producer: PeerId, stream: ByteStream): Promise<void> {
    if (this.#over) return stream.abort()
    const link = createLink(stream, { clock, metrics, maxMessageBytes: MAX_DATUM_BYTES, firstMessageMs: ANSWER_MS })
    this.#link = link
    link.send(this.#subscribe(producer))
    link.onMessage((message) => this.#onMessage(message))
    const reason = await link.closed
    this.#end(reason, reason.code === CloseReasons.UnexpectedClose.code || reason.code === CloseReasons.Timeout.code)
  }

  /** A member has taken items, or members have changed. What there is room for is granted when this turn is over. */
  roomChanged(): void {
    this.#owing = true
    this.#considerGrant()
  }

  #subscribe(producer: PeerId): Uint8Array {
    const { context, stream, where } = this.#options
    const { endpoint, discovery } = context
    // Whatever the producer's policy turns out to be, nobody gets more than it has room for.
    const credit = commonRoom(
      this.#members.map(({ room }) => room),
      true,
    )
    this.#window.grant(credit)
    return encodeSubscribe({
      proof: networkProof(endpoint.networkId, endpoint.id, producer),
      stream,
      version: discovery.me.updatedAt,
      credit,
      criteria: where?.bytes ?? EMPTY,
    })
  }

  #onMessage(message: Uint8Array): void {
    if (this.#over) return
    if (this.#lagging === undefined) return this.#onStart(decodeStart(message))
    if (this.#escaped) {
      this.#escaped = false
      const dropped = decodeNotice(message)
      if (dropped === 0) return this.#onItem(EMPTY)
      for (const member of this.#members) member.onDropped(dropped)
      return
    }
    if (message.length === 0) this.#escaped = true
    else this.#onItem(message)
  }

  #onStart(lagging: Lagging): void {
    this.#lagging = lagging
    this.#setMembers(this.#members)
    for (const member of this.#members) member.onStart()
    this.roomChanged()
  }

  #onItem(bytes: Uint8Array): void {
    if (!this.#window.allows(bytes.length)) throw violation('more items than there was credit for')
    this.#window.spend(bytes.length)
    let shared = false
    for (const member of this.#members) {
      member.onItem(shared ? bytes.slice() : bytes, this.#lagging as Lagging)
      shared = true
    }
    if (this.#owing) this.#considerGrant()
  }

  #considerGrant(): void {
    if (this.#granting || !this.isConnected || this.#window.isAmple(this.#whole)) return
    this.#granting = true
    this.#options.context.clock.turn(this.#grant)
  }

  readonly #grant = (): void => {
    this.#granting = false
    if (!this.isConnected) return
    this.#owing = false
    const rooms = this.#members.map(({ room }) => room)
    const missing = this.#window.missing(commonRoom(rooms, this.#lagging === 'wait'))
    if (missing === undefined) return
    this.#window.grant(missing)
    this.#link?.send(encodeCredit(missing))
  }

  #setMembers(members: readonly Member[]): void {
    this.#members = members
    this.#whole = commonRoom(
      members.map(({ bufferSize }) => ({ items: bufferSize, bytes: WINDOW_BYTES })),
      this.#lagging === 'wait',
    )
  }

  #end(reason: CloseReason, lost: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#options.onEnded()
    const members = this.#members
    this.#setMembers([])
    for (const member of members) member.onEnded(reason, lost)
  }
}

/** What an attempt that reached nobody is called. */
function failure(error: unknown): CloseReason {
  const detail = error instanceof Error ? error.message : String(error)
  if (MosaikError.is(error, 'ERR_DIFFERENT_NETWORK')) return { ...CloseReasons.DifferentNetwork, detail }
  if (MosaikError.is(error, 'ERR_TIMEOUT')) return { ...CloseReasons.Timeout, detail }
  return { ...CloseReasons.UnexpectedClose, detail }
}
