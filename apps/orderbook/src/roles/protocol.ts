import { cbor, MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import { defineCell, defineMap, defineStream, groupKey } from '@mosaik/node'
import type { CellReader, CellWriter, ConsensusOptions, Definition, GroupKey, MapReader, MapWriter, StreamDef } from '@mosaik/node'
import { checkName } from '../market/check-instruction.ts'
import * as z from 'zod/mini'
import { commandCodec } from '../market/command-codec.ts'
import type { OpenOrder, Standing } from '../market/queries.ts'
import type { Position } from '../market/sums.ts'
import type { Fill, Instruction } from '../market/types.ts'

/** Instructions, or questions, that a trader process sends at once, at most. */
export const MOST_SENT = 64

/** What a trader process sends. It may speak for several traders of the market. */
export interface Sent {
  /** Who is to hear what became of it. */
  readonly client: string
  /** Traders that it will speak for and knows nothing of yet: it is told how far they are. At most `MOST_SENT`. */
  readonly asks: readonly string[]
  /** At most `MOST_SENT`. */
  readonly instructions: readonly Instruction[]
}

export interface TraderStanding extends Standing {
  readonly trader: string
}

/** What the leader says to a trader process. Cumulative: a later one says all that an earlier one did. */
export interface Report {
  readonly client: string
  /** Of each trader that the process has just spoken or asked for. */
  readonly standings: readonly TraderStanding[]
  /** Something came too early: send again from what is expected. */
  readonly isGap: boolean
  /** Traders that the market has no room for. */
  readonly refused: readonly string[]
}

/** What the leader publishes: fills that follow each other, or none, to say how many there are. */
export interface Published {
  readonly fills: readonly Fill[]
  /** Number of the oldest fill that can be had again. */
  readonly first: number
  /** Number that the next fill to be made will have. */
  readonly next: number
}

/** What an observer asks the leader for: fills from a number on, once more. */
export interface Again {
  readonly from: number
}

/** Safe integers, as `z.int()` has them. */
const POSITIVE = z.int().check(z.minimum(1))
const COUNT = z.int().check(z.minimum(0))

/** Who leads consumes `Orders` and `Agains`, and produces `Reports` and `Fills`. */
export const Orders: StreamDef<Sent> = defineStream<Sent>('orderbook.orders', sentCodec())
export const Reports: StreamDef<Report> = defineStream<Report>('orderbook.reports', checkedOnReceipt(reportSchema()))
export const Fills: StreamDef<Published> = defineStream<Published>('orderbook.fills', checkedOnReceipt(publishedSchema()))
export const Agains: StreamDef<Again> = defineStream<Again>('orderbook.fills.again', checkedOnReceipt(z.object({ from: POSITIVE })))

/**
 * No matcher founds a market alone, and none goes on without a majority: what was acknowledged stays. They take a second to find each
 * other first, also on a machine that does much else, so that there is one market.
 */
export const CONSENSUS: ConsensusOptions = { preset: 'fast', minMembers: 2, bootstrapDelay: '1s', recoveryTimeout: 'never' }

export function marketKey(): GroupKey {
  return groupKey('mosaik.orderbook')
}

/** The newest price of each pair, with the number of the fill that made it. */
export type Prices = Readonly<Record<string, { readonly price: number; readonly fill: number }>>

/** What a trader has in the book: how many orders, and the oldest of them. */
export interface OpenOrders {
  readonly count: number
  readonly oldest: readonly OpenOrder[]
}

const VIEW = { consensus: { preset: 'fast', minMembers: 2 } } as const

type Owner = readonly [trader: string, pair: string]
type Held = Omit<Position, 'pair'>

export const Positions: Definition<MapReader<Owner, Held>, MapWriter<Owner, Held>> = defineMap('orderbook.positions', undefined, VIEW)
export const LastPrices: Definition<CellReader<Prices>, CellWriter<Prices>> = defineCell('orderbook.prices', undefined, VIEW)
export const Open: Definition<MapReader<string, OpenOrders>, MapWriter<string, OpenOrders>> = defineMap('orderbook.open', undefined, VIEW)

/** Says something that happened, with a stable name. */
export type Emit = (event: string, fields?: Readonly<Record<string, unknown>>) => void

/** `[client, asks, command]`: instructions travel as in the group's log, and are checked at both ends. */
function sentCodec(): Codec<Sent> {
  const command = commandCodec(MOST_SENT)
  const plain = cbor<readonly [string, readonly string[], Uint8Array]>()
  return {
    encode: ({ client, asks, instructions }) => plain.encode([client, asks, command.encode(instructions)]),
    decode: (bytes) => {
      const [client, asks, packed] = plain.decode(bytes)
      const instructions = command.decode(packed)
      if ('refused' in instructions) throw new MosaikError('ERR_INVALID_DATUM', instructions.refused)
      if (typeof client !== 'string') throw new MosaikError('ERR_INVALID_DATUM', 'a client is text')
      if (!Array.isArray(asks) || asks.length > MOST_SENT) throw new MosaikError('ERR_INVALID_DATUM', `${MOST_SENT} questions are allowed`)
      for (const trader of asks) checkName('trader', trader)
      return { client, asks, instructions }
    },
  }
}

/** A schema alone would also check what is sent, which for fills costs as much again as all else of sending them. */
function checkedOnReceipt<T>(schema: z.ZodMiniType<T>): Codec<T> {
  const plain = cbor<T>()
  return {
    encode: plain.encode,
    decode: (bytes) => schema.parse(plain.decode(bytes)),
  }
}

function reportSchema() {
  const names = z.readonly(z.array(z.string()))
  const standing = z.object({ trader: z.string(), expected: POSITIVE, rejected: COUNT })
  return z.object({ client: z.string(), standings: z.readonly(z.array(standing)), isGap: z.boolean(), refused: names })
}

/** Fills that do not follow each other would be asked for without end. */
function publishedSchema() {
  const id = z.object({ trader: z.string(), sequence: POSITIVE })
  const fill = z.object({
    number: POSITIVE,
    pair: z.string(),
    price: POSITIVE,
    quantity: POSITIVE,
    buyer: id,
    seller: id,
    taker: z.enum(['buy', 'sell']),
  })
  const follow = (fills: readonly Fill[]): boolean => fills.every(({ number }, i) => number === (fills[0] as Fill).number + i)
  return z.object({ fills: z.array(fill).check(z.refine(follow, 'fills must follow each other')), first: POSITIVE, next: POSITIVE })
}
