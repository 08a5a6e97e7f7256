import { seededPrng } from '@mosaik/core'

/** Chance with a name: what is drawn under one name does not move what is drawn under another. */
export interface Draw {
  /** Whole, from `min` to `max`, both included. */
  int(min: number, max: number): number
  float(min: number, max: number): number
  chance(probability: number): boolean
  /** Around this on average, as gaps between independent events are; at most eight times as much. */
  around(mean: number): number
  pick<T>(items: readonly T[]): T
  /** `count` different ones, or all. */
  some<T>(items: readonly T[], count: number): T[]
  bytes(length: number): Uint8Array
  under(name: string): Draw
}

export function createDraw(name: string): Draw {
  const prng = seededPrng(name)
  const int: Draw['int'] = (min, max) => min + Math.floor(prng.float() * (max - min + 1))
  const pick: Draw['pick'] = (items) => items[int(0, items.length - 1)] as (typeof items)[number]
  return {
    int,
    pick,
    float: (min, max) => min + prng.float() * (max - min),
    chance: (probability) => prng.float() < probability,
    around: (mean) => Math.min(8, -Math.log(1 - prng.float())) * mean,
    some: (items, count) => {
      const rest = [...items]
      return Array.from(
        { length: Math.min(count, rest.length) },
        () => rest.splice(int(0, rest.length - 1), 1)[0] as (typeof items)[number],
      )
    },
    bytes: (length) => prng.bytes(length),
    under: (inner) => createDraw(`${name} ${inner}`),
  }
}
