import type { ByteStream, PeerId, StreamId } from '@mosaik/core'
import type { Where } from '../where.ts'
import { PROTOCOL } from '../wire/protocol.ts'
import type { NodeContext } from './context.ts'
import { localPair } from './local-pair.ts'
import { Subscription } from './subscription.ts'
import type { Member } from './subscription.ts'

/** The subscriptions of a node, one for each producer, stream and criteria. */
export class Subscriptions {
  readonly #context: NodeContext
  readonly #acceptLocal: (stream: ByteStream) => void
  readonly #live = new Map<string, Subscription>()

  /** `acceptLocal` takes the producer's end of a stream from this node to itself. */
  constructor(context: NodeContext, acceptLocal: (stream: ByteStream) => void) {
    this.#context = context
    this.#acceptLocal = acceptLocal
  }

  /** Joins the subscription there is, or begins one. */
  join(member: Member, producer: PeerId, stream: StreamId, where: Where | undefined): Subscription {
    const key = `${producer} ${stream} ${where?.key ?? ''}`
    const live = this.#live.get(key)
    if (live !== undefined) {
      live.join(member)
      return live
    }
    const started: Subscription = new Subscription({
      context: this.#context,
      producer,
      stream,
      where,
      open: (signal) => this.#open(producer, signal),
      onEnded: () => {
        if (this.#live.get(key) === started) this.#live.delete(key)
      },
    })
    this.#live.set(key, started)
    started.join(member)
    void started.run()
    return started
  }

  async #open(producer: PeerId, signal: AbortSignal): Promise<ByteStream> {
    const { endpoint, clock } = this.#context
    if (producer !== endpoint.id) {
      const entry = this.#context.entryOf(producer)
      if (entry !== undefined) endpoint.learn(producer, entry.addresses)
      return endpoint.open(producer, PROTOCOL, { signal })
    }
    const { dialer, acceptor } = localPair(endpoint.id, clock)
    this.#acceptLocal(acceptor)
    return dialer
  }
}
