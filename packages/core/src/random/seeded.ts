import { blake3 } from '@noble/hashes/blake3.js'
import type { Prng } from './prng.ts'

const FLOAT_LOW_RANGE = 2 ** 26
const FLOAT_RANGE = 2 ** 53

/**
 * The same numbers for the same seed, on every machine: xoshiro128** (Blackman and Vigna 2018) with its state from
 * blake3 of the seed's text. For simulations and jitter, never for secrets.
 */
export function seededPrng(seed: string | number | bigint): Prng {
  const start = new DataView(blake3(new TextEncoder().encode(`mosaik prng ${typeof seed} ${seed}`)).buffer)
  let a = start.getUint32(0)
  let b = start.getUint32(4)
  let c = start.getUint32(8)
  let d = start.getUint32(12) | 1 // the state must not be all zeros

  const uint32 = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotateLeft(d, 11)
    return result
  }
  return {
    uint32,
    float: () => ((uint32() >>> 5) * FLOAT_LOW_RANGE + (uint32() >>> 6)) / FLOAT_RANGE,
    bytes: (length) => {
      const bytes = new Uint8Array(length)
      let word = 0
      for (let i = 0; i < length; i++) {
        if (i % 4 === 0) word = uint32()
        bytes[i] = word >>> (8 * (i % 4))
      }
      return bytes
    },
  }
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k))
}
