import { createNetwork, defineStream } from '@mosaik/node'
import type { Codec, Network, StreamDef } from '@mosaik/node'

/** 256 bytes as they are; the first eight hold the time of sending when the row measures latency. */
const bytes: Codec<Uint8Array> = { encode: (value) => value, decode: (value) => value }

export interface Order {
  readonly id: number
  readonly at: number
  readonly symbol: string
  readonly side: string
  readonly price: number
  readonly quantity: number
  readonly trader: string
  readonly note: string
}

export const Bytes: StreamDef<Uint8Array> = defineStream('bench.bytes', bytes)
/** An object whose CBOR is 256 bytes long. */
export const Orders: StreamDef<Order> = defineStream('bench.orders')

export const start = (listen: string, bootstrap: readonly string[]): Promise<Network> =>
  createNetwork('bench', { listen: [listen], discovery: { bootstrap } })

/** As much as a bare stream may have under way: 2 MiB. */
export const BUFFER_SIZE = 8192
