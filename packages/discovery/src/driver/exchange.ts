import { MosaikError } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { deltaOf, parcelsFor, summaryOf } from '../logic/delta.ts'
import type { Wanted } from '../logic/delta.ts'
import { differingBuckets } from '../logic/digest.ts'
import { clockSkew } from '../logic/skew.ts'
import type { Head, Statement } from '../logic/statement.ts'
import { MAX_DEPARTED, MAX_FETCH, MAX_PEERS } from '../wire/limits.ts'
import type { WireStatement } from '../wire/statement.ts'
import type { NodeContext } from './context.ts'
import type { Conversation } from './conversation.ts'

const MAX_STATEMENTS = MAX_PEERS + MAX_DEPARTED + 1

/** What an exchange needs from the node around it. */
export interface ExchangeHooks {
  /** A genuine head whose details did not come with it. */
  readonly onUnfetched: (head: Head, from: PeerId) => void
  /** A departure that a peer has told this node alone. */
  readonly onToldDeparture: (head: Head) => void
}

/** The two sides of every exchange of the sync protocol, step by step; who runs them minds limits and deadlines. */
export class Exchange {
  readonly #node: NodeContext
  readonly #hooks: ExchangeHooks

  constructor(node: NodeContext, hooks: ExchangeHooks) {
    this.#node = node
    this.#hooks = hooks
  }

  /** Compares catalogs and moves what differs, both ways. Answers how many statements of third peers were news here. */
  async compare(talk: Conversation, peer: PeerId): Promise<number> {
    const { endpoint, keeper, config } = this.#node
    keeper.statement()
    const { store } = keeper
    const sentAt = endpoint.clock.now()
    await talk.send({ type: 'compare', now: Math.floor(sentAt), root: store.digest.root() })
    const answer = await talk.receive('buckets')
    const skew = clockSkew(answer.now, Math.floor(sentAt), endpoint.clock.now())
    this.#checkSkew(peer, skew, config.purgeAfter)
    const tally = { news: 0 }
    if (answer.hashes !== null) {
      const differing = differingBuckets(store.digest.hashes(), answer.hashes)
      await talk.send({ type: 'summary', differing, items: summaryOf(store, differing) })
      const wanted = await talk.receivePages(this.#takeFrom(peer, tally), MAX_STATEMENTS)
      if (wanted.length > 0) {
        await talk.sendPages(parcelsFor(store, wanted))
        await talk.receivePages(() => {}, 0)
      }
    }
    this.#checkSkew(peer, skew, config.maxTimeDrift)
    return tally.news
  }

  /** Asks for single statements. */
  async fetch(talk: Conversation, peer: PeerId, wanted: readonly Wanted[]): Promise<void> {
    await talk.send({ type: 'fetch', wanted })
    await talk.receivePages(this.#takeFrom(peer, { news: 0 }), MAX_FETCH)
  }

  /** Tells one statement, and waits until it has been taken. */
  async tell(talk: Conversation, statement: Statement): Promise<void> {
    await talk.sendPages([{ statement, withDetails: true }])
    await talk.receivePages(() => {}, 0)
  }

  /** The answering side of all three. After a comparison it answers how many statements of third peers were news here. */
  async answer(talk: Conversation, peer: PeerId): Promise<number | undefined> {
    const tally = { news: 0 }
    const first = await talk.receive('compare', 'fetch', 'statements')
    if (first.type === 'compare') {
      await this.#answerComparison(talk, peer, first, tally)
      return tally.news
    }
    if (first.type === 'fetch') await this.#answerFetch(talk, first.wanted)
    else {
      await talk.receivePages(this.#takeFrom(peer, tally, this.#hooks.onToldDeparture), MAX_FETCH, first)
      await talk.sendPages([])
    }
    return undefined
  }

  async #answerFetch(talk: Conversation, wanted: readonly Wanted[]): Promise<void> {
    this.#node.keeper.statement()
    await talk.sendPages(parcelsFor(this.#node.keeper.store, wanted))
  }

  async #answerComparison(talk: Conversation, peer: PeerId, first: { now: number; root: string }, tally: { news: number }): Promise<void> {
    const { endpoint, keeper, config } = this.#node
    const now = endpoint.clock.now()
    this.#checkSkew(peer, clockSkew(first.now, now, now), config.purgeAfter)
    keeper.statement()
    const { store } = keeper
    const equal = store.digest.root() === first.root
    await talk.send({ type: 'buckets', now: Math.floor(now), hashes: equal ? null : store.digest.hashes() })
    if (equal) return
    const { differing, items } = await talk.receive('summary')
    const delta = deltaOf(store, differing, items, endpoint.clock.now(), config)
    await talk.sendPages(delta.send, delta.want)
    if (delta.want.length === 0) return
    await talk.receivePages(this.#takeFrom(peer, tally), MAX_STATEMENTS)
    await talk.sendPages([])
  }

  #takeFrom(peer: PeerId, tally: { news: number }, onDeparture?: (head: Head) => void): (page: readonly WireStatement[]) => void {
    const { intake } = this.#node
    return (page) => {
      for (const [bytes, signature, details] of page) {
        const { outcome, head } = intake.receive([bytes, signature], details)
        if (head === undefined) continue
        if (outcome === 'unfetched') this.#hooks.onUnfetched(head, peer)
        if (outcome !== 'taken') continue
        if (head.peerId !== peer) tally.news++
        if (head.details === undefined) onDeparture?.(head)
      }
    }
  }

  #checkSkew(peer: PeerId, skew: number, allowed: number): void {
    if (Math.abs(skew) <= allowed) return
    this.#node.intake.reportSkew(peer, skew)
    const [ms, direction] = [Math.abs(Math.round(skew)), skew > 0 ? 'ahead of' : 'behind']
    const mine = this.#node.endpoint.id
    throw new MosaikError(
      'ERR_CLOCK_SKEW',
      `the clock of ${peer} is ${ms} ms ${direction} the clock of ${mine}; entries that far apart are refused: correct one of them`,
      { value: skew },
    )
  }
}
