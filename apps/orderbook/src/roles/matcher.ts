import { sleep } from '@mosaik/core'
import type { LogStore, Network } from '@mosaik/node'
import { createOrderBook } from '../market/order-book.ts'
import type { OrderBook } from '../market/order-book.ts'
import { digestOf } from './digest.ts'
import { openViews, project } from './project.ts'
import type { Views } from './project.ts'
import { Agains, CONSENSUS, Fills, marketKey, Orders, Reports } from './protocol.ts'
import type { Emit } from './protocol.ts'
import { publishFills } from './publish-fills.ts'
import { takeOrders } from './take-orders.ts'
import type { Matchers } from './take-orders.ts'
import { untilOneEnds } from './until-one-ends.ts'

export interface MatcherOptions {
  readonly network: Network
  /** Asks it to leave. */
  readonly signal: AbortSignal
  /** Where the log is kept, so that the book outlives all matchers; it belongs to this node's key. Default: in memory. */
  readonly storage?: LogStore
  /** Adds up the whole book whenever it stands still: O(state) in one go, seconds for a large book. For demonstrations and tests. Default: no. */
  readonly isChecked?: boolean
  /** Gets `leading` and `following` when that changes, `status` twice a second, beside it `streams` while it leads, and `state` after each check. */
  readonly emit: Emit
}

interface Matcher extends MatcherOptions {
  readonly book: OrderBook
  readonly group: Matchers
  readonly views: Views
}

const STATUS_MS = 500

/**
 * One of the members that hold the book. While it leads it also takes orders, publishes fills and keeps the views up to date. Runs until the
 * signal aborts, and rejects with its reason, or with what ended the group on this node.
 */
export async function runMatcher(options: MatcherOptions): Promise<void> {
  const { network, signal, storage } = options
  const book = createOrderBook()
  const kept = storage !== undefined && { storage }
  await using group = network.groups.join({ key: marketKey(), machine: book, consensus: CONSENSUS, ...kept })
  await using views = openViews(network)
  const matcher = { ...options, book, group, views }
  await untilOneEnds(
    signal,
    (over) => leadAgainAndAgain(matcher, over),
    (over) => tellStatus(matcher, over),
  )
}

async function leadAgainAndAgain(matcher: Matcher, signal: AbortSignal): Promise<void> {
  const { group, emit } = matcher
  for (;;) {
    await group.when.isLeader({ signal })
    const { term } = group
    emit('leading', { term })
    await lead(matcher, signal)
    emit('following', { after: term })
  }
}

/** Until it is the leader no more. */
async function lead({ network, book, group, views, emit }: Matcher, signal: AbortSignal): Promise<void> {
  const { streams } = network
  const { clock } = network.discovery.endpoint
  await using orders = streams.consume(Orders)
  await using agains = streams.consume(Agains)
  await using reports = streams.produce(Reports, { lagging: 'drop' })
  await using fills = streams.produce(Fills)
  await untilOneEnds(
    signal,
    (over) => group.when.isFollower({ signal: over }),
    (over) => takeOrders({ group, book, orders, reports, emit }, over),
    (over) => publishFills({ clock, group, book, fills, agains }, over),
    (over) => project({ clock, book, views, emit }, over),
    async (over) => {
      for (;;) {
        const [traders, observers] = [orders.producers.filter(({ state }) => state === 'connected').length, fills.consumers.length]
        emit('streams', { traders, observers })
        await sleep(clock, STATUS_MS, { signal: over })
      }
    },
  )
}

async function tellStatus({ network, book, group, emit, isChecked = false }: Matcher, signal: AbortSignal): Promise<void> {
  let before = 0
  let checked = 0
  for (;;) {
    const totals = book.read({ type: 'totals' })
    const { instructions, ordersOpen, fills, duplicates, gaps } = totals
    const { leader, isLeader, term } = group
    const members = group.members.value
    const voters = members.filter(({ standing }) => standing === 'voter').length
    emit('status', { leader, isLeader, term, members: members.length, voters, instructions, open: ordersOpen, fills })
    const changes = instructions + duplicates + gaps // what is ignored is counted, and so a part of the state
    if (isChecked && changes === before && changes !== checked) {
      emit('state', { ...totals, digest: digestOf(book), broken: book.brokenSums() })
      checked = changes
    }
    before = changes
    await sleep(network.discovery.endpoint.clock, STATUS_MS, { signal })
  }
}
