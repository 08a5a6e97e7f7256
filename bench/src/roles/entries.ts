// What collections are measured with: entries of 100 canonical bytes, of a text key of 16 characters and a text value of 81, and texts
// of the same 100 bytes where there are no keys.

/** Different keys that writes go round. */
export const KEYS = 100_000
/** Entries of a batch. */
export const BATCH = 1_000
export const ENTRY_BYTES = 100

const VALUE_CHARACTERS = 81
const TEXT_CHARACTERS = 98
const VALUES = 1_024
/** Has no divisor in common with a power of ten: its multiples visit every number below one, in no order. */
const STRIDE = 618_033

export type Entry = readonly [key: string, value: string]

const values = Array.from({ length: VALUES }, (_, n) => `${n}`.padStart(VALUE_CHARACTERS, '.'))

/** The `n`th of `count` (a power of ten) numbers, all of which come once, in no order. */
export const scattered = (n: number, count: number): number => (n * STRIDE) % count

export const keyOf = (n: number): string => `account:${String(n).padStart(8, '0')}`
export const valueOf = (n: number): string => values[n % VALUES] as string
export const textOf = (n: number): string => keyOf(n).padEnd(TEXT_CHARACTERS, '.')

/** Made before the clock runs, and handed out round and round: single ones, and lists of a thousand. */
export function rounds<T>(make: (n: number) => T): { one(): T; many(): readonly T[] } {
  const all = Array.from({ length: KEYS }, (_, n) => make(scattered(n, KEYS)))
  const lists = Array.from({ length: KEYS / BATCH }, (_, n) => all.slice(n * BATCH, (n + 1) * BATCH))
  let one = 0
  let many = 0
  return {
    one: () => all[(one = (one + 1) % all.length)] as T,
    many: () => lists[(many = (many + 1) % lists.length)] as readonly T[],
  }
}
