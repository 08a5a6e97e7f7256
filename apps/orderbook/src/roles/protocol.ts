import { cbor, MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import { defineCell, defineMap, defineStream, groupKey } from '@mosaik/node'
import type { CellReader, CellWriter, ConsensusOptions, Definition, GroupKey, MapReader, MapWriter, StreamDef } from '@mosaik/node'
import { commandCodec } from '../market/command-codec.ts'
import type { OpenOrder } from '../market/queries.ts'
import type { Position } from '../market/sums.ts'
import type { Fill, Instruction } from '../market/types.ts'

/** Instructions that one trader process sends at once, at most. */
export const MOST_SENT = 64

/** What a trader process sends. It may speak for several traders of the market. */
export interface Sent {
  /** Who is to hear what became of it. */
  readonly client: string
  readonly instructions: readonly Instruction[]
}

/** What the leader says to a trader process. Cumulative: a later one says all that an earlier one did. */
export interface Report {
  readonly client: string
  /** Of each trader that the process has just spoken for: the sequence expected next. Everything below it was taken, once. */
  readonly expected: readonly (readonly [trader: string, sequence: number])[]
  /** Something came too early: send again from what is expected. */
  readonly isGap: boolean
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

/** Who leads consumes `Orders` and `Agains`, and produces `Reports` and `Fills`. */
export const Orders: StreamDef<Sent> = defineStream<Sent>('orderbook.orders', sentCodec())
export const Reports: StreamDef<Report> = defineStream<Report>('orderbook.reports')
export const Fills: StreamDef<Published> = defineStream<Published>('orderbook.fills')
export const Agains: StreamDef<Again> = defineStream<Again>('orderbook.fills.again')

/** No matcher founds a market alone, and none goes on without a majority: what was acknowledged stays. */
export const CONSENSUS: ConsensusOptions = { preset: 'fast', minMembers: 2, recoveryTimeout: 'never' }

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

/** `[client, command]`: instructions travel as in the group's log, and are checked at both ends. */
function sentCodec(): Codec<Sent> {
  const command = commandCodec(MOST_SENT)
  const plain = cbor<readonly [string, Uint8Array]>()
  return {
    encode: ({ client, instructions }) => plain.encode([client, command.encode(instructions)]),
    decode: (bytes) => {
      const [client, packed] = plain.decode(bytes)
      const instructions = command.decode(packed)
      if ('refused' in instructions) throw new MosaikError('ERR_INVALID_DATUM', instructions.refused)
      if (typeof client !== 'string') throw new MosaikError('ERR_INVALID_DATUM', 'a client is text')
      return { client, instructions }
    },
  }
}
