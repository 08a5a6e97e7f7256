/** A collection as anyone would write it down, made of plain arrays and Maps: it knows nothing of the machines. */
export interface Model {
  /** Each does what the write of this name does, and answers its result. */
  readonly methods: Readonly<Record<string, (...args: never[]) => unknown>>
  /** What a handle shows of the state, as JSON. */
  shown(): unknown
  /** Goes on from what a handle has shown. */
  load(shown: never): void
}

export type Key = string | number

/** Whatever is written is different, and is equal to nothing but itself and its copies. */
export interface Value {
  readonly by: number
}

export function isSame(a: Value | undefined, b: Value | undefined): boolean {
  return a?.by === b?.by
}

/** Text by its UTF-8 bytes, numbers by value. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a === 'number') return a - Number(b)
  return Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
}
