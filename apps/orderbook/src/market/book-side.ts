import type { Side } from './types.ts'
import { createTree } from './tree.ts'
import type { Tree } from './tree.ts'

/** What decides who is served first: the price, then who came first. */
export interface Place {
  readonly price: number
  /** No two orders of a book have the same. */
  readonly arrival: number
}

/** All that waits at one price. */
export interface Level {
  readonly price: number
  readonly lots: bigint
  readonly orders: number
}

/** Orders with their lots as they were, best first, whatever becomes of the book. */
export interface Waiting<O extends Place> {
  readonly size: number
  /** From a place on, or from the best. */
  entries(from?: Place): IterableIterator<[order: O, lots: number]>
}

/** One side of a pair's book: orders that wait, with the lots that are left of each, best first. Everything takes O(log n). */
export class BookSide<O extends Place> {
  readonly #orders: Tree<Place, number>
  readonly #levels = new Map<number, { lots: bigint; orders: number }>()

  constructor(side: Side) {
    this.#orders = createTree<Place, number>(side === 'buy' ? highestFirst : lowestFirst)
  }

  /** Who is served next. */
  best(): O | undefined {
    return this.#orders.minKey() as O | undefined
  }

  /** Lots that are left of an order that is there. */
  lotsOf(order: O): number {
    return this.#orders.get(order) ?? 0
  }

  add(order: O, lots: number): void {
    this.#orders.set(order, lots)
    const level = this.#levels.get(order.price)
    if (level === undefined) {
      this.#levels.set(order.price, { lots: BigInt(lots), orders: 1 })
    } else {
      level.lots += BigInt(lots)
      level.orders++
    }
  }

  /** Takes lots from an order, and with the last of them the order. */
  take(order: O, lots: number, left: number): void {
    const level = this.#levels.get(order.price) as { lots: bigint; orders: number }
    level.lots -= BigInt(lots)
    if (left > 0) {
      this.#orders.set(order, left)
      return
    }
    this.#orders.delete(order)
    if (--level.orders === 0) this.#levels.delete(order.price)
  }

  /** O(1). */
  view(): Waiting<O> {
    const orders = this.#orders.clone()
    return { size: orders.size, entries: (from) => orders.entries(from) as IterableIterator<[O, number]> }
  }

  /** The best prices. O(count · log n), however many orders wait there. */
  levels(count: number): Level[] {
    const levels: Level[] = []
    let place = this.#orders.minKey()
    while (place !== undefined && levels.length < count) {
      const { price } = place
      const { lots, orders } = this.#levels.get(price) as { lots: bigint; orders: number }
      levels.push({ price, lots, orders })
      place = this.#orders.nextHigherKey({ price, arrival: Number.POSITIVE_INFINITY })
    }
    return levels
  }
}

function lowestFirst(a: Place, b: Place): number {
  return a.price - b.price || a.arrival - b.arrival
}

function highestFirst(a: Place, b: Place): number {
  return b.price - a.price || a.arrival - b.arrival
}
