import { cbor } from '@mosaik/core'
import type { Codec } from '@mosaik/core'

/** What flows. `run` and `seq` say which opening of which producer it came from, and where it stands in what that one sent. */
export interface Item {
  readonly run: number
  readonly seq: number
  readonly kind: 'a' | 'b' | 'c'
  /** 0 to 99. */
  readonly price: number
  readonly pad: Uint8Array
}

/** A codec that tells when it is used: a datum is decoded in the step in which it reaches its consumer. */
export function tellingCodec(tell: { readonly onEncode?: (item: Item) => void; readonly onDecode?: (item: Item) => void }): Codec<Item> {
  const inner = cbor<Item>()
  return {
    encode: (item) => {
      tell.onEncode?.(item)
      return inner.encode(item)
    },
    decode: (bytes) => {
      const item = inner.decode(bytes)
      tell.onDecode?.(item)
      return item
    },
  }
}
