import { check, seededPrng } from '@mosaik/core'
import type { Prng } from '@mosaik/core'
import type { Instruction } from '../market/types.ts'
import { MidPrice } from './mid-price.ts'

export interface FlowOptions {
  /** Decides everything. */
  readonly seed: string
  readonly traders: readonly string[]
  readonly pairs: readonly string[]
  /** Mean time between two instructions of one trader, logical ms. Default 200. */
  readonly interval?: number
}

export interface FlowStep {
  /** Logical ms, never decreasing. */
  readonly at: number
  readonly instruction: Instruction
}

const CANCELS = 0.16
/** Own orders that a trader thinks of cancelling: its newest. */
const REMEMBERED = 64
/** That a price goes another tick away from the one before. Its mean is 5 ticks. */
const NEARER = 1 / 6
/** Ticks on the other side of the middle where prices begin. */
const EAGER = 2
/** Lots by the number of heads of eight coins: roughly a log-normal distribution, in whole numbers. */
const LOTS = [1, 2, 3, 5, 8, 13, 20, 30, 50] as const

/**
 * What traders send, without end: each decides by itself, so that their flows can be made apart, on any machine, and are those of
 * `flow` put in order. Only whole numbers and comparisons of uniform ones go in, so the same seed is the same flow everywhere.
 *
 * - Time goes in ms; in each of them an instruction comes with the probability 1 / interval (Poisson arrivals, in whole ms).
 * - 16 of 100 instructions cancel one of the newest 64 own orders that were not cancelled yet, each as likely; it may be filled already.
 * - Others are orders in any pair, to buy or to sell, each as likely. The price begins 2 ticks beyond the middle and moves away from there
 *   by a geometric number of ticks with the mean 5; about 3 of 10 find somebody to trade with at once.
 * - The middle of each pair is a random walk, see `MidPrice`.
 * - Lots are those of `LOTS`, and up to as many more.
 */
export function* traderFlow({ seed, pairs, interval = 200 }: FlowOptions, trader: string): Generator<FlowStep, never, undefined> {
  check.integer('interval', interval, { min: 1 })
  const prng = seededPrng(`${seed} trader ${trader}`)
  const mids = pairs.map((pair) => new MidPrice(seed, pair))
  const own: number[] = []
  let at = 0
  for (let sequence = 1; ; sequence++) {
    at += 1 + geometric(prng, 1 / interval)
    if (own.length > 0 && prng.float() < CANCELS) {
      const [order = 0] = own.splice(below(prng, own.length), 1)
      yield { at, instruction: { type: 'cancel', trader, sequence, order } }
      continue
    }
    const which = below(prng, pairs.length)
    const side = below(prng, 2) === 0 ? 'buy' : 'sell'
    const away = geometric(prng, NEARER) - EAGER
    const mid = (mids[which] as MidPrice).at(at)
    const price = Math.max(1, side === 'buy' ? mid - away : mid + away)
    if (own.push(sequence) > REMEMBERED) own.shift()
    yield { at, instruction: { type: 'order', trader, sequence, pair: pairs[which] as string, side, price, quantity: lots(prng) } }
  }
}

/** The flows of all traders, in the order of their times; of the same ms, in the order of `traders`. O(traders) for each. */
export function* flow(options: FlowOptions): Generator<FlowStep, never, undefined> {
  const flows = options.traders.map((trader) => traderFlow(options, trader))
  const next = flows.map((each) => each.next().value)
  for (;;) {
    let first = 0
    for (let i = 1; i < next.length; i++) if ((next[i] as FlowStep).at < (next[first] as FlowStep).at) first = i
    yield next[first] as FlowStep
    next[first] = (flows[first] as (typeof flows)[number]).next().value
  }
}

function lots(prng: Prng): number {
  let heads = 0
  for (let coins = prng.uint32() & 0xff; coins > 0; coins >>= 1) heads += coins & 1
  const least = LOTS[heads] as number
  return least + below(prng, least)
}

/** How often something with this probability does not happen before it does. */
function geometric(prng: Prng, probability: number): number {
  let misses = 0
  while (prng.float() >= probability) misses++
  return misses
}

function below(prng: Prng, end: number): number {
  return Math.floor(prng.float() * end)
}
