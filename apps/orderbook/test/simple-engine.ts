import type { Cancel, Fill, Instruction, Order, OrderId, Side } from '../src/market/types.ts'

/** An order that waits. `arrival`: how many orders came before it. */
export interface Waiting {
  readonly trader: string
  readonly sequence: number
  readonly pair: string
  readonly side: Side
  readonly price: number
  readonly arrival: number
  left: number
}

/**
 * The market as one would explain it: a list of orders that wait, which is searched and sorted anew for each order. It shares nothing
 * with the machine but the types, and is what the machine is checked against.
 */
export class SimpleEngine {
  readonly fills: Fill[] = []
  waiting: Waiting[] = []
  readonly #taken = new Map<string, number>()
  #arrivals = 0

  /** Answers in words what became of it. */
  take(instruction: Instruction): string {
    const { trader, sequence } = instruction
    const expected = (this.#taken.get(trader) ?? 0) + 1
    if (sequence < expected) return 'duplicate'
    if (sequence > expected) return `gap ${expected}`
    this.#taken.set(trader, sequence)
    return instruction.type === 'order' ? this.#place(instruction) : this.#cancel(instruction)
  }

  #cancel({ trader, order }: Cancel): string {
    const found = this.waiting.find((waiting) => waiting.trader === trader && waiting.sequence === order)
    this.waiting = this.waiting.filter((waiting) => waiting !== found)
    return found === undefined ? 'rejected no-such-order' : 'taken'
  }

  #place({ trader, sequence, pair, side, price, quantity }: Order): string {
    const own: Waiting = { trader, sequence, pair, side, price, arrival: this.#arrivals++, left: quantity }
    const others = this.waiting
      .filter((other) => other.pair === pair && other.side !== side && (side === 'buy' ? other.price <= price : other.price >= price))
      .sort((a, b) => (side === 'buy' ? a.price - b.price : b.price - a.price) || a.arrival - b.arrival)
    for (const other of others) if (own.left > 0) this.#fill(own, other)
    this.waiting.push(own)
    this.waiting = this.waiting.filter(({ left }) => left > 0)
    return 'taken'
  }

  #fill(taker: Waiting, maker: Waiting): void {
    const quantity = Math.min(taker.left, maker.left)
    taker.left -= quantity
    maker.left -= quantity
    const [buyer, seller] = taker.side === 'buy' ? [taker, maker] : [maker, taker]
    const number = this.fills.length + 1
    this.fills.push({ number, pair: maker.pair, price: maker.price, quantity, buyer: idOf(buyer), seller: idOf(seller), taker: taker.side })
  }
}

function idOf({ trader, sequence }: Waiting): OrderId {
  return { trader, sequence }
}
