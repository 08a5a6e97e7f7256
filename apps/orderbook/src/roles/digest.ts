import { createHash } from 'node:crypto'
import type { OrderBook } from '../market/order-book.ts'

/** Of the whole state: equal on members that have the same. O(state). */
export function digestOf(book: OrderBook): string {
  const hash = createHash('sha256')
  const length = Buffer.alloc(4)
  for (const item of book.source().items()) {
    for (const part of item) {
      length.writeUInt32BE(part.length)
      hash.update(length).update(part)
    }
  }
  return hash.digest('hex').slice(0, 32)
}
