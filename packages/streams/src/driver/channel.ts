import type { Clock, CloseReason, PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Countable } from '../logic/condition.ts'
import type { ChannelInfo, PeerView } from '../types.ts'

/** What a channel needs to know of its node. */
export interface ChannelContext {
  readonly clock: Clock
  viewOf(entry: PeerEntry): PeerView
}

/** One subscription as one end sees it: a generation that starts connecting, may connect, and terminates once. */
export class Channel implements Countable {
  readonly peerId: PeerId
  readonly info: ChannelInfo
  /** The peer's newest entry. */
  entry: PeerEntry
  datums = 0
  bytes = 0
  dropped = 0
  connectedAt: number | undefined
  #state: ChannelInfo['state'] = 'connecting'
  readonly #context: ChannelContext
  readonly #closed = Promise.withResolvers<CloseReason>()

  constructor(context: ChannelContext, entry: PeerEntry) {
    this.#context = context
    this.peerId = entry.peerId
    this.entry = entry
    this.info = facade(this)
  }

  get state(): ChannelInfo['state'] {
    return this.#state
  }

  get connected(): boolean {
    return this.#state === 'connected'
  }

  get peer(): PeerView {
    return this.#context.viewOf(this.entry)
  }

  get uptime(): number | undefined {
    return this.connected && this.connectedAt !== undefined ? this.#context.clock.monotonic() - this.connectedAt : undefined
  }

  get closed(): Promise<CloseReason> {
    return this.#closed.promise
  }

  connect(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'connected'
    this.connectedAt = this.#context.clock.monotonic()
  }

  /** `reason` may still be on its way; the state changes now. */
  terminate(reason: CloseReason | Promise<CloseReason>): void {
    this.#state = 'terminated'
    this.#closed.resolve(reason)
  }
}

function facade(channel: Channel): ChannelInfo {
  return {
    get peerId() {
      return channel.peerId
    },
    get peer() {
      return channel.peer
    },
    get state() {
      return channel.state
    },
    get stats() {
      const { datums, bytes, dropped, uptime } = channel
      return { datums, bytes, dropped, uptime }
    },
    get closed() {
      return channel.closed
    },
  }
}
