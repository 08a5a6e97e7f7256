import { isDeepStrictEqual } from 'node:util'
import type { Network } from '@mosaik/node'
import { simWorld } from '@mosaik/node/testing'
import type { SimWorld } from '@mosaik/node/testing'
import { expect, it } from 'vitest'
import type { Fill } from '../src/market/types.ts'
import { runMatcher } from '../src/roles/matcher.ts'
import { runObserver } from '../src/roles/observer.ts'
import { LastPrices, Positions } from '../src/roles/protocol.ts'
import type { TraderTotals } from '../src/roles/sender.ts'
import { generated } from '../src/roles/source.ts'
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
    const matcher = running(node, (signal, emit) => runMatcher({ network: node, signal, emit }))
    this.matchers.push(matcher)
    return matcher
  }

  async trader(name: string, count: number, rate?: number): Promise<Running<TraderTotals>> {
    const network = await this.node()
    const source = generated(name, 'test', PAIRS, count)
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

/** Once they stand still, positions add up to nothing, and prices are those of the last fills. */
async function viewsAreRight(market: Market, { collections }: Network): Promise<void> {
  await using positions = collections.reader(Positions)
  await using prices = collections.reader(LastPrices)
  const last = Object.fromEntries(market.fills.map(({ pair, price, number }) => [pair, { price, fill: number }]))
  const sides = Map.groupBy(
    market.fills.flatMap(({ buyer, seller, ...fill }) => [
      { ...fill, trader: buyer.trader, lots: BigInt(fill.quantity) },
      { ...fill, trader: seller.trader, lots: -BigInt(fill.quantity) },
    ]),
    ({ trader, pair }) => `${trader} ${pair}`,
  )
  const expected = new Map(Array.from(sides, ([key, own]) => [key, own.reduce((sum, { lots }) => sum + lots, 0n)]))
  const found = (): Map<string, bigint> => new Map(Array.from(positions, ([key, { base }]) => [key.join(' '), base]))
  await market.until(() => isDeepStrictEqual(prices.get(), last) && isDeepStrictEqual(sorted(found()), sorted(expected)))
}

function sorted(map: ReadonlyMap<string, bigint>): readonly (readonly [string, bigint])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
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
