import { randomBytes } from 'node:crypto'
import type { Prng } from '../random/prng.ts'

const POOL_BYTES = 4096
const UINT32_RANGE = 2 ** 32
const FLOAT_BITS_LOW = 2 ** 26

/** The operating system's randomness: unpredictable, fit for keys. */
export const systemPrng: Prng = createSystemPrng()

function createSystemPrng(): Prng {
  // One call into the system per 1024 numbers; used bytes are never handed out again.
  let pool = new DataView(new ArrayBuffer(0))
  let next = 0
  const uint32 = (): number => {
    if (next === pool.byteLength) {
      const fresh = randomBytes(POOL_BYTES)
      pool = new DataView(fresh.buffer, fresh.byteOffset, fresh.byteLength)
      next = 0
    }
    const value = pool.getUint32(next)
    next += 4
    return value
  }
  return {
    uint32,
    // 53 bits, as many as a float keeps: 27 high, 26 low.
    float: () => ((uint32() >>> 5) * FLOAT_BITS_LOW + (uint32() >>> 6)) / (UINT32_RANGE * 2 ** 21),
    bytes: (length) => Uint8Array.from(randomBytes(length)),
  }
}
