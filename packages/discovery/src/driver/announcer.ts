import { MosaikError, sleep } from '@mosaik/core'
import type { Endpoint, GossipTopic, GossipVerdict, PeerId } from '@mosaik/core'
import { jittered, renewAfter } from '../logic/schedule.ts'
import type { Head, Statement } from '../logic/statement.ts'
import { detailsId } from '../wire/details.ts'
import { MAX_ANNOUNCED_BYTES } from '../wire/limits.ts'
import { announceTopic } from '../wire/protocols.ts'
import { decodeAnnouncement, encodeAnnouncement } from '../wire/statement.ts'
import type { WireStatement } from '../wire/statement.ts'
import type { NodeContext } from './context.ts'
import { follow } from './follow.ts'

/** Whatever the jitter, the own entry is not announced more often than this by the clock alone. */
const MIN_TICK_MS = 5
/** Changes of the own entry are announced at once, but not more often than this: who toggles a tag in a loop does not fill all gossip. */
const GAP_MS = 100

/**
 * Speaks and listens on the network's gossip topic: small signed heads. Short details go along when they are new; longer
 * ones, and those that somebody missed, are fetched.
 */
export class Announcer {
  /** Called with a genuine head whose details are missing here. */
  onUnfetched: (head: Head, from: PeerId) => void = () => {}
  /** Called when there is a neighbour again, or for the first time. */
  onCompany: () => void = () => {}
  onNeighbour: (peer: PeerId) => void = () => {}
  onNeighbours: (neighbours: ReadonlySet<PeerId>) => void = () => {}
  /** Called once per announce interval. */
  onTick: () => void = () => {}
  readonly #node: NodeContext
  readonly #topic: GossipTopic
  #known: ReadonlySet<PeerId> = new Set()
  /** Monotonic time of the latest announcement of the own entry, the one that is due included. */
  #ownAt = Number.NEGATIVE_INFINITY
  /** Details that have gone along: renewals do without. */
  #told: string | undefined

  constructor(node: NodeContext) {
    const { endpoint } = node
    this.#node = node
    this.#topic = join(endpoint, (data, from) => this.#receive(data, from))
    node.scope.add(() => this.#topic.leave())
  }

  get neighbours(): ReadonlySet<PeerId> {
    return this.#topic.neighbours.value
  }

  start(): void {
    const { scope } = this.#node
    scope.spawn((signal) => follow(this.#topic.neighbours, signal, (neighbours) => this.#meet(neighbours)))
    scope.spawn((signal) => this.#tick(signal))
  }

  /** The own entry has changed. What it says when its turn comes is what is announced. */
  announceOwn(): void {
    const { endpoint, keeper, scope } = this.#node
    const now = endpoint.clock.monotonic()
    if (this.#ownAt > now) return
    const wait = Math.max(0, this.#ownAt + GAP_MS - now)
    this.#ownAt = now + wait
    if (wait === 0) return this.announce(keeper.statement())
    const cancel = endpoint.clock.after(wait, () => {
      forget()
      this.announce(keeper.statement())
    })
    const forget = scope.add(cancel)
  }

  announce({ head, details }: Statement): void {
    this.#node.meters.announced.add()
    const isNew = details !== undefined && details.id !== this.#told && details.bytes.length <= MAX_ANNOUNCED_BYTES
    this.#topic.publish(encodeAnnouncement(head, isNew ? details : undefined))
    if (isNew) this.#told = details.id
  }

  #receive(data: Uint8Array, from: PeerId): GossipVerdict {
    let wire: WireStatement
    try {
      wire = decodeAnnouncement(data)
    } catch (error) {
      this.#node.meters.refused('malformed').add()
      this.#node.log.debug('refused an announcement from %s: %s', from, MosaikError.is(error) ? error.message : error)
      return 'reject'
    }
    const [bytes, signature, details] = wire
    const { outcome, head } = this.#node.intake.receive([bytes, signature], details)
    switch (outcome) {
      case 'unfetched':
        this.onUnfetched(head as Head, from)
        return 'accept'
      case 'taken':
      case 'same': // learned another way already; others may not have it yet
        return details === null || head?.details === detailsId(details) ? 'accept' : this.#falseDetails()
      case 'invalid':
        return 'reject'
      default:
        return 'ignore'
    }
  }

  /** Nothing here looked at them. Passed on, they would be held against this node by whoever does. */
  #falseDetails(): GossipVerdict {
    this.#node.meters.refused('malformed').add()
    return 'reject'
  }

  #meet(neighbours: ReadonlySet<PeerId>): void {
    const before = this.#known
    this.#known = neighbours
    this.#node.meters.neighbours.set(neighbours.size)
    // What was said while nobody listened is lost, and gossip takes the same words only once.
    if (before.size === 0 && neighbours.size > 0) {
      this.#told = undefined
      this.#renew()
      this.onCompany()
    }
    this.onNeighbours(neighbours)
    for (const peer of neighbours) if (!before.has(peer)) this.onNeighbour(peer)
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock, prng } = this.#node.endpoint
    const { announceInterval, announceJitter, purgeAfter } = this.#node.config
    for (;;) {
      await sleep(clock, Math.max(MIN_TICK_MS, jittered(announceInterval, announceJitter, prng)), { signal })
      const age = clock.now() - this.#node.keeper.own.version.updatedAt
      // Due before the next tick would come too late. Negative after the clock was set back: then it is due, too.
      const due = renewAfter(announceInterval, purgeAfter, this.#node.keeper.store.livePeers) - announceInterval
      if (age >= due || age < 0) this.#renew()
      this.onTick()
    }
  }

  #renew(): void {
    this.#node.keeper.changeOwn((own, now) => {
      own.renew(now)
      return true
    })
  }
}

function join(endpoint: Endpoint, receive: (data: Uint8Array, from: PeerId) => GossipVerdict): GossipTopic {
  try {
    return endpoint.gossip.join(announceTopic(endpoint.networkId), receive)
  } catch (cause) {
    if (!MosaikError.is(cause, 'ERR_ALREADY_EXISTS')) throw cause
    throw new MosaikError('ERR_ALREADY_EXISTS', 'this endpoint has a discovery already: use that one, or close it first', { cause })
  }
}
