import { abortable, CloseReasons, deadline, MosaikError, sleep } from '@mosaik/core'
import type { ByteStream, CloseReason, PeerId } from '@mosaik/core'
import type { Wanted } from '../logic/delta.ts'
import type { Statement } from '../logic/statement.ts'
import { SYNC_PROTOCOL } from '../wire/protocols.ts'
import type { NodeContext } from './context.ts'
import { Conversation, explain, reasonFor } from './conversation.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeHooks } from './exchange.ts'
import { InboundGate, turnAway } from './inbound.ts'

/** A whole exchange, however much there is to say. */
const EXCHANGE_MS = 60_000
const INBOUND = { total: 128, perPeer: 8 }
/** Attempts at a peer that has no room at the moment, and the pause between them, ms. */
const ATTEMPTS = 4
const PAUSE_MS = 300

interface Run {
  readonly started: number
  readonly done: Promise<void>
}

/** Opens and serves exchanges of the sync protocol: one comparison per peer at a time, each with a deadline. */
export class Syncer {
  /** Called after a comparison, begun by either side, with the number of third peers it brought news of. */
  onCompared: (peer: PeerId, news: number) => void = () => {}
  readonly #node: NodeContext
  readonly #exchange: Exchange
  readonly #gate = new InboundGate(INBOUND)
  readonly #running = new Map<PeerId, Run>()
  #asked = 0

  constructor(node: NodeContext, hooks: ExchangeHooks) {
    this.#node = node
    this.#exchange = new Exchange(node, hooks)
  }

  /** A comparison that begins after this call; callers who ask meanwhile share it. */
  async sync(peer: PeerId, signal: AbortSignal = this.#node.scope.signal): Promise<void> {
    const asked = ++this.#asked
    for (;;) {
      signal.throwIfAborted()
      const run = this.#running.get(peer) ?? this.#start(peer)
      if (run.started > asked) return abortable(run.done, signal)
      await abortable(
        run.done.catch(() => {}),
        signal,
      )
    }
  }

  /** The same for whoever does not depend on it: a failure is only logged. */
  async trySync(peer: PeerId): Promise<void> {
    try {
      await this.sync(peer)
    } catch (error) {
      this.#node.log.debug('%s', error instanceof Error ? error.message : error)
    }
  }

  isSyncing(peer: PeerId): boolean {
    return this.#running.has(peer)
  }

  async fetch(peer: PeerId, wanted: readonly Wanted[]): Promise<void> {
    this.#node.meters.fetches.add()
    await this.#converse('fetching entries from', peer, (talk) => this.#exchange.fetch(talk, peer, wanted))
  }

  async tell(peer: PeerId, statement: Statement, signal: AbortSignal): Promise<void> {
    await this.#converse('telling', peer, (talk) => this.#exchange.tell(talk, statement), signal)
  }

  /** Serves one inbound stream, in a task of its own. */
  accept(stream: ByteStream): void {
    const leave = this.#gate.enter(stream.peerId)
    if (leave === undefined) {
      this.#node.meters.turnedAway.add()
      turnAway(stream, this.#node.endpoint.clock)
      return
    }
    const started = this.#node.scope.spawn(async (signal) => {
      try {
        await this.#serve(stream, signal)
      } finally {
        leave()
      }
    })
    if (!started) stream.abort()
  }

  #start(peer: PeerId): Run {
    const done = this.#attempt(peer).finally(() => this.#running.delete(peer))
    done.catch(() => {}) // whoever waits gets it too
    const run = { started: ++this.#asked, done }
    this.#running.set(peer, run)
    return run
  }

  async #attempt(peer: PeerId): Promise<void> {
    const { clock, prng } = this.#node.endpoint
    for (let left = ATTEMPTS - 1; ; left--) {
      try {
        const news = await this.#converse('comparing catalogs with', peer, (talk) => this.#exchange.compare(talk, peer))
        this.#node.meters.syncs.add()
        this.onCompared(peer, news)
        return
      } catch (error) {
        const isBusy = MosaikError.is(error) && (error.value as CloseReason | undefined)?.code === CloseReasons.TooManyRequests.code
        if (!isBusy || left === 0) {
          this.#node.meters.syncsFailed.add()
          throw error
        }
      }
      await sleep(clock, PAUSE_MS * (1 + prng.float()), { signal: this.#node.scope.signal })
    }
  }

  async #converse<T>(
    what: string,
    peer: PeerId,
    work: (talk: Conversation) => Promise<T>,
    signal: AbortSignal = this.#node.scope.signal,
  ): Promise<T> {
    const { endpoint } = this.#node
    const stream = await endpoint.open(peer, SYNC_PROTOCOL, { signal })
    try {
      return await this.#within(stream, what, signal, async (talk) => {
        const result = await work(talk)
        void talk.link.close(CloseReasons.Success)
        return result
      })
    } catch (error) {
      throw explain(error, what, peer)
    }
  }

  async #serve(stream: ByteStream, signal: AbortSignal): Promise<void> {
    const { peerId } = stream
    try {
      const news = await this.#within(stream, 'answering', signal, async (talk) => {
        const count = await this.#exchange.answer(talk, peerId)
        await talk.finished()
        return count
      })
      if (news !== undefined) this.onCompared(peerId, news)
    } catch (error) {
      const { message } = explain(error, 'answering', peerId)
      this.#node.log.debug('%s', message)
    }
  }

  /** Runs one side of an exchange; whatever ends it early ends the link with the reason. */
  async #within<T>(stream: ByteStream, what: string, signal: AbortSignal, work: (talk: Conversation) => Promise<T>): Promise<T> {
    const { clock } = this.#node.endpoint
    if (signal.aborted) {
      stream.abort()
      throw signal.reason
    }
    const late = (): Error => new MosaikError('ERR_TIMEOUT', `${what} ${stream.peerId} took more than ${EXCHANGE_MS} ms`)
    return deadline(
      clock,
      EXCHANGE_MS,
      async (inner) => {
        const talk = new Conversation(stream, clock, this.#node.meters, inner)
        const onAbort = (): void => talk.link.abort(reasonFor(inner.reason))
        inner.addEventListener('abort', onAbort, { once: true })
        try {
          return await work(talk)
        } catch (error) {
          talk.link.abort(reasonFor(error))
          throw error
        } finally {
          inner.removeEventListener('abort', onAbort)
        }
      },
      late,
      { signal },
    )
  }
}
