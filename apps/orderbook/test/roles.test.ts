import { isDeepStrictEqual } from 'node:util'
import { defineStream } from '@mosaik/node'
import type { Network } from '@mosaik/node'
import { simWorld } from '@mosaik/node/testing'
import type { SimWorld } from '@mosaik/node/testing'
import { expect, it } from 'vitest'
import { createOrderBook } from '../src/market/order-book.ts'
import type { Fill, Instruction } from '../src/market/types.ts'
import { runMatcher } from '../src/roles/matcher.ts'
import { runObserver } from '../src/roles/observer.ts'
import { Agains, CONSENSUS, LastPrices, marketKey, Open, Positions } from '../src/roles/protocol.ts'
import type { Source } from '../src/roles/read-ahead.ts'
import type { TraderTotals } from '../src/roles/sender.ts'
import { fromFile, generated } from '../src/roles/source.ts'
import { runTrader } from '../src/roles/trader.ts'

const PAIRS = ['APPLE/EUR', 'PEAR/EUR']
const STOP = new Error('stop')

type Fields = Record<string, unknown>

/** A role that runs on a node, and the last that it has said of each kind. */
interface Running<T> {
  readonly node: Network
  readonly said: Map<string, Fields>
  readonly ended: Promise<T | undefined>
  stop(): Promise<T | undefined>
}

function running<T>(node: Network, run: (signal: AbortSignal, emit: (event: string, fields?: Fields) => void) => Promise<T>): Running<T> {
  const control = new AbortController()
  const said = new Map<string, Fields>()
  const ended = run(control.signal, (event, fields = {}) => void said.set(event, fields)).catch((error: unknown) => {
    if (error !== STOP) said.set('failed', { error })
    return undefined
  })
  return {
    node,
    said,
    ended,
    stop: () => {
      control.abort(STOP)
      return ended
    },
  }
}

class Market {
  readonly world: SimWorld
  readonly matchers: Running<void>[] = []
  readonly fills: Fill[] = []
  #hub: Network | undefined

  constructor(seed: number) {
    this.world = simWorld({ seed, loss: 0.01 })
  }

  async node(): Promise<Network> {
    this.#hub ??= await this.world.node('market')
    return this.world.node('market', { discovery: { bootstrap: this.#hub.local.addresses } })
  }

  async matcher(): Promise<Running<void>> {
    const node = await this.node()
    const matcher = running(node, (signal, emit) => runMatcher({ network: node, signal, emit, isChecked: true }))
    this.matchers.push(matcher)
    return matcher
  }

  async trader(name: string, count: number, rate?: number): Promise<Running<TraderTotals>> {
    return this.sender(() => generated(name, 'test', PAIRS, count), rate)
  }

  async sender(source: Source<Instruction>, rate?: number): Promise<Running<TraderTotals>> {
    const network = await this.node()
    return running(network, (signal, emit) => runTrader({ network, source, signal, emit, ...(rate !== undefined && { rate }) }))
  }

  async observer(): Promise<Running<void>> {
    const network = await this.node()
    const onFills = (fills: readonly Fill[]): void => void this.fills.push(...fills)
    return running(network, (signal, emit) => runObserver({ network, pairs: PAIRS, signal, emit, onFills }))
  }

  leader(): Running<void> | undefined {
    return this.matchers.find(({ said }) => said.get('status')?.['isLeader'] === true)
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.world.run('100ms')
  }

  crash(matcher: Running<void>): void {
    this.matchers.splice(this.matchers.indexOf(matcher), 1)
    this.world.crash(matcher.node)
  }
}

/** Once they stand still, positions are what the fills make of nothing, prices those of the last fills, and open orders those of a replica. */
async function viewsAreRight(market: Market, { collections }: Network): Promise<void> {
  await using positions = collections.reader(Positions)
  await using prices = collections.reader(LastPrices)
  await using open = collections.reader(Open)
  const book = createOrderBook()
  const { groups } = await market.node()
  await using group = groups.join({ key: marketKey(), machine: book, consensus: CONSENSUS, preference: 'observer' })
  await market.until(() => book.read({ type: 'totals' }).fills === market.fills.length)
  expect(group.members.value.length).toBeGreaterThan(1)

  const last = Object.fromEntries(market.fills.map(({ pair, price, number }) => [pair, { price, fill: number }]))
  const expected = new Map<string, readonly [base: bigint, quote: bigint]>()
  for (const { pair, price, quantity, buyer, seller } of market.fills) {
    for (const [{ trader }, lots] of [[buyer, BigInt(quantity)], [seller, -BigInt(quantity)]] as const) {
      const [base, quote] = expected.get(`${trader} ${pair}`) ?? [0n, 0n]
      expected.set(`${trader} ${pair}`, [base + lots, quote - BigInt(price) * lots])
    }
  } // prettier-ignore
  const found = (): unknown => sorted(Array.from(positions, ([key, { base, quote }]) => [key.join(' '), [base, quote]] as const))
  const waiting = ['ann', 'bob'].map((trader) => {
    const all = book.read({ type: 'open', trader })
    return [trader, { count: all.length, oldest: all.slice(0, 16) }] as const
  })
  expect(waiting.every(([, { count }]) => count > 16)).toBe(true)
  await market.until(
    () =>
      isDeepStrictEqual(prices.get(), last) &&
      isDeepStrictEqual(found(), sorted([...expected])) &&
      isDeepStrictEqual(sorted([...open]), sorted(waiting)),
  )
}

function sorted<T>(entries: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

it.each([1, 2, 3, 4])('nothing is lost or taken twice when the leader crashes at full flow: seed %i', { timeout: 60_000 }, async (seed) => {
  const market = new Market(seed)
  await using world = market.world
  await world.run(async () => {
    for (let i = 0; i < 3; i++) await market.matcher()
    const observer = await market.observer()
    const traders = [await market.trader('ann', 3_000, 600), await market.trader('bob', 2_000, 400)]
    await market.until(() => market.fills.length > 200)
    const first = market.leader() as Running<void>
    market.crash(first)
    const joined = await market.matcher()
    await market.until(() => market.fills.length > 600)
    const follower = market.matchers.find(({ said }) => said.get('status')?.['isLeader'] === false) as Running<void>
    world.pause(follower.node)
    await world.run('1500ms')
    world.resume(follower.node)

    const totals = await Promise.all(traders.map(({ ended }) => ended))
    expect(totals).toMatchObject([
      { sent: 3_000, acknowledged: 3_000 },
      { sent: 2_000, acknowledged: 2_000 },
    ])
    expect(
      totals.reduce((sum, total) => sum + (total?.repeated ?? 0), 0),
      'something was sent again',
    ).toBeGreaterThan(0)
    const stateOf = (matcher: Running<void>): Fields => matcher.said.get('state') ?? {}
    await market.until(() => market.matchers.every((matcher) => stateOf(matcher)['instructions'] === 5_000))
    expect(market.matchers).toContain(joined)
    for (const matcher of market.matchers) expect(stateOf(matcher)).toMatchObject({ broken: [], digest: stateOf(joined)['digest'] })
    const { fills } = stateOf(joined)
    await market.until(() => observer.said.get('status')?.['fills'] === fills)
    expect(market.fills.map(({ number }) => number)).toEqual(Array.from({ length: fills as number }, (_, i) => i + 1))
    expect(observer.said.get('status')).toMatchObject({ lost: 0 })
    await viewsAreRight(market, observer.node)
    for (const each of [...market.matchers, observer]) {
      await each.stop()
      expect(each.said.get('failed')).toBeUndefined()
    }
  })
})

it('who sends again what the market has had is told how much that was, and what comes after it is taken', { timeout: 60_000 }, async () => {
  const market = new Market(5)
  await using world = market.world
  await world.run(async () => {
    for (let i = 0; i < 3; i++) await market.matcher()
    expect(await (await market.trader('ann', 400)).ended).toMatchObject({ sent: 400, acknowledged: 400, takenBefore: 0 })
    expect(await (await market.trader('ann', 400)).ended).toMatchObject({ sent: 0, acknowledged: 0, takenBefore: 400, rejected: 0 })
    const { rejected } = (await (await market.trader('ann', 900)).ended) as TraderTotals
    const totals = await (await market.trader('ann', 1_000)).ended
    expect(totals).toMatchObject({ sent: 100, acknowledged: 100, takenBefore: 900 })
    expect(rejected + (totals as TraderTotals).rejected).toBeGreaterThan(0)
    await market.until(() => market.matchers.every(({ said }) => said.get('state')?.['instructions'] === 1_000))
  })
})

it('a trader gives up when nobody takes its orders, before the first and in between', { timeout: 60_000 }, async () => {
  const market = new Market(6)
  await using world = market.world
  await world.run(async () => {
    const alone = await market.trader('ann', 10)
    await alone.ended
    expect(alone.said.get('failed')?.['error']).toMatchObject({ code: 'ERR_TIMEOUT', message: expect.stringContaining('nobody takes') })
    for (let i = 0; i < 3; i++) await market.matcher()
    const left = await market.trader('ann', 100_000, 100)
    await market.until(() => ((left.said.get('status')?.['acknowledged'] as number) ?? 0) > 100)
    for (const matcher of [...market.matchers]) market.crash(matcher)
    await left.ended
    expect(left.said.get('failed')?.['error']).toMatchObject({ code: 'ERR_TIMEOUT' })
  })
})

it('a source that cannot be read is told at once, also where there is no market', async () => {
  const market = new Market(7)
  await using world = market.world
  await world.run(async () => {
    const trader = await market.sender((signal) => fromFile('nowhere.csv', { signal }))
    await trader.ended
    expect(trader.said.get('failed')?.['error']).toMatchObject({ code: 'ENOENT' })
  })
})

it('what was read is sent again while the source stalls, and who waits for the source can be stopped', { timeout: 60_000 }, async () => {
  const market = new Market(9)
  await using world = market.world
  await world.run(async () => {
    for (let i = 0; i < 3; i++) await market.matcher()
    const [more, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const trader = await market.sender(async function* () {
      yield* generated('ann', 'test', PAIRS, 1)
      await more.promise
      yield* generated('ann', 'test', PAIRS, 500)
      await end.promise
    })
    const status = (name: string): unknown => trader.said.get('status')?.[name]
    await market.until(() => status('acknowledged') === 1)
    const leader = market.leader() as Running<void>
    world.pause(leader.node)
    more.resolve()
    await market.until(() => status('sent') === 500)
    market.crash(leader)
    await market.until(() => status('acknowledged') === 500)
    expect(status('repeated')).toBeGreaterThan(0)
    expect(await trader.stop()).toBeUndefined()
    expect(trader.said.get('failed')).toBeUndefined()
    end.resolve()
  })
})

it('what a source has before it fails is taken', { timeout: 60_000 }, async () => {
  const market = new Market(10)
  await using world = market.world
  await world.run(async () => {
    for (let i = 0; i < 3; i++) await market.matcher()
    const error = new Error('a bad line')
    const trader = await market.sender(async function* () {
      yield* generated('ann', 'test', PAIRS, 500)
      throw error
    })
    await trader.ended
    expect(trader.said.get('failed')).toEqual({ error })
    await market.until(() => market.matchers.every(({ said }) => said.get('state')?.['instructions'] === 500))
  })
})

it('what asks for fills that cannot be is ignored, and the others get theirs', { timeout: 60_000 }, async () => {
  const market = new Market(8)
  await using world = market.world
  await world.run(async () => {
    for (let i = 0; i < 3; i++) await market.matcher()
    const stranger = await market.node()
    await using agains = stranger.streams.produce(defineStream<unknown>(Agains.name))
    await agains.when.online()
    for (const wrong of [null, { from: Number.NaN }, { from: 1.5 }, { from: 0 }, 'all']) await agains.send(wrong)
    await (
      await market.trader('ann', 500)
    ).ended
    const observer = await market.observer()
    await market.until(() => market.fills.length > 0 && observer.said.get('status')?.['fills'] === market.fills.length)
    const { fills } = market.leader()?.said.get('status') ?? {}
    await market.until(() => market.fills.length === fills)
    for (const matcher of market.matchers) expect(matcher.said.get('failed')).toBeUndefined()
  })
})
