import type { Place } from './book-side.ts'
import type { Side } from './types.ts'

/** The first byte of a key: what the item is. In this order each item finds what it speaks of. */
export const KIND = { market: 0, trader: 1, account: 2, order: 3, fill: 4 } as const

const MAX_PRICE = Number.MAX_SAFE_INTEGER
const LONGEST = 20
const ORDER = { pair: 1, side: 3, price: 4, arrival: 12 } as const

/** Where an order stands. */
export interface OrderPlace extends Place {
  readonly pair: number
  readonly side: Side
}

export const MARKET_KEY: Uint8Array = Uint8Array.of(KIND.market)

/** Of the items of a kind that are numbered. */
export function numberedKey(kind: number, number: number): Uint8Array {
  const key = Buffer.alloc(9)
  key[0] = kind
  key.writeBigUInt64BE(BigInt(number), 1)
  return key
}

export function numberOfKey(key: Uint8Array): number {
  return Number(view(key).getBigUint64(1))
}

/** The order of these keys is that of the books: the best first, then who came first. */
export function orderKey({ pair, side, price, arrival }: OrderPlace): Uint8Array {
  const key = Buffer.alloc(LONGEST)
  key[0] = KIND.order
  key.writeUInt16BE(pair, ORDER.pair)
  key[ORDER.side] = side === 'buy' ? 0 : 1
  key.writeBigUInt64BE(BigInt(side === 'buy' ? MAX_PRICE - price : price), ORDER.price)
  key.writeBigUInt64BE(BigInt(arrival), ORDER.arrival)
  return key
}

export function placeOfKey(key: Uint8Array): OrderPlace {
  const fields = view(key)
  const side = fields.getUint8(ORDER.side) === 0 ? 'buy' : 'sell'
  const price = Number(fields.getBigUint64(ORDER.price))
  return {
    pair: fields.getUint16(ORDER.pair),
    side,
    price: side === 'buy' ? MAX_PRICE - price : price,
    arrival: Number(fields.getBigUint64(ORDER.arrival)),
  }
}

/** As long as any key: what is missing is zero, and what is too much is left out, so it is not above the one given. */
export function padded(key: Uint8Array): Uint8Array {
  const full = new Uint8Array(LONGEST)
  full.set(key.subarray(0, LONGEST))
  return full
}

function view(key: Uint8Array): DataView {
  return new DataView(key.buffer, key.byteOffset, key.byteLength)
}
