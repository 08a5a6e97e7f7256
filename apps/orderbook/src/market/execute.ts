import { addAccount, addPair, addResting, addTrader, takeFromResting } from './market.ts'
import type { Account, Market, Resting, Trader } from './market.ts'
import type { Cancel, Exception, Executed, Instruction, Order, OrderId, Outcome, Rejection } from './types.ts'

const TAKEN: Outcome = { outcome: 'taken' }

/** Carries out instructions in their order. Never throws for what `checkInstruction` has let through. */
export function execute(market: Market, instructions: readonly Instruction[]): Executed {
  const first = market.fills.count + 1
  const exceptions: Exception[] = []
  for (const [at, instruction] of instructions.entries()) {
    const outcome = take(market, instruction)
    if (outcome.outcome !== 'taken') exceptions.push({ at, ...outcome })
  }
  const last = market.fills.count
  return { taken: instructions.length - exceptions.length, exceptions, fills: last < first ? null : [first, last] }
}

/** Each sequence of a trader is taken once, in order, whether or not the book can do what it says. */
function take(market: Market, instruction: Instruction): Outcome {
  const { sequence } = instruction
  const known = market.traderByName.get(instruction.trader)
  const expected = known?.next ?? 1
  if (sequence < expected) {
    market.duplicates++
    return { outcome: 'duplicate' }
  }
  if (sequence > expected) {
    market.gaps++
    return { outcome: 'gap', expected }
  }
  if (known === undefined && market.traders.length >= market.limits.traders) return { outcome: 'rejected', why: 'trader-limit' }
  const trader = known ?? addTrader(market, instruction.trader)
  trader.next++
  const why = instruction.type === 'cancel' ? cancel(market, trader, instruction) : place(market, trader, instruction)
  if (why === undefined) return TAKEN
  trader.rejected++
  return { outcome: 'rejected', why }
}

function cancel(market: Market, trader: Trader, { order: sequence }: Cancel): Rejection | undefined {
  const order = trader.open.get(sequence)
  if (order === undefined) return 'no-such-order'
  const { pair, tally } = order.account
  const left = pair[order.side].lotsOf(order)
  takeFromResting(market, order, left, 0)
  tally.cancelled++
  tally.lotsCancelled += BigInt(left)
  return undefined
}

function place(market: Market, trader: Trader, order: Order): Rejection | undefined {
  const { limits } = market
  if (market.openOrders >= limits.openOrders) return 'open-limit'
  if (trader.open.size >= limits.openOrdersOfTrader) return 'trader-open-limit'
  const account = accountFor(market, trader, order.pair)
  if (typeof account === 'string') return account
  const { side, price, quantity } = order
  const id: OrderId = { trader: trader.name, sequence: order.sequence }
  const incoming: Resting = { account, id, side, price, arrival: ++market.arrivals }
  const { tally } = account
  tally.orders++
  tally.lotsOrdered += BigInt(quantity)
  const left = match(market, incoming, quantity)
  if (left > 0) addResting(market, incoming, left)
  else tally.filled++
  return undefined
}

function accountFor(market: Market, trader: Trader, name: string): Account | Rejection {
  const { limits, pairs, accounts } = market
  const known = market.pairByName.get(name)
  const account = known && trader.accounts.get(known)
  if (account !== undefined) return account
  if (known === undefined && pairs.length >= limits.pairs) return 'pair-limit'
  if (accounts.length >= limits.accounts) return 'account-limit'
  return addAccount(market, trader, known ?? addPair(market, name))
}

/** Trades with whoever waits, best first, the trader itself not excepted. Answers the lots that are left. */
function match(market: Market, taker: Resting, quantity: number): number {
  const others = taker.account.pair[taker.side === 'buy' ? 'sell' : 'buy']
  let left = quantity
  while (left > 0) {
    const maker = others.best()
    if (maker === undefined || !accepts(taker, maker.price)) break
    const offered = others.lotsOf(maker)
    const lots = Math.min(left, offered)
    left -= lots
    takeFromResting(market, maker, lots, offered - lots)
    if (lots === offered) maker.account.tally.filled++
    settle(market, maker, taker, lots)
  }
  return left
}

function accepts({ side, price: limit }: Resting, price: number): boolean {
  return side === 'buy' ? price <= limit : price >= limit
}

/** At the price of who waited. */
function settle({ fills }: Market, maker: Resting, taker: Resting, quantity: number): void {
  const { price } = maker
  const [buyer, seller] = taker.side === 'buy' ? [taker, maker] : [maker, taker]
  const lots = BigInt(quantity)
  const value = BigInt(price) * lots
  const [bought, sold] = [buyer.account.tally, seller.account.tally]
  bought.fills++
  bought.lotsBought += lots
  bought.paid += value
  sold.fills++
  sold.lotsSold += lots
  sold.received += value
  const { pair } = taker.account
  fills.add({ number: fills.count + 1, pair: pair.name, price, quantity, buyer: buyer.id, seller: seller.id, taker: taker.side })
}
