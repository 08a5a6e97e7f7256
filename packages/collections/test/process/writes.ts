import type { CellReader, MapReader, PriorityQueueReader, SetReader, VecReader } from '../../src/index.ts'
import type { Any, Kind, Write } from './kinds.ts'

/** What a client draws its writes from. */
export interface Draw {
  /** A whole number from 0, below `end`. */
  below(end: number): number
  /** A value that nobody else writes. */
  value(): string
}

type Choice = readonly [weight: number, write: () => Write]

/** States stay below this, give or take what is under way. */
const ENOUGH = 400
const BATCH = 20

/** Any write, among few keys and places, so that writes meet; one that removes much where there is enough. */
export function drawWrite(kind: Kind, handle: Any, draw: Draw): Write {
  return draws[kind](handle as never, draw)
}

const draws: Readonly<Record<Kind, (handle: never, draw: Draw) => Write>> = {
  map: (map: MapReader<string, string>, draw) => {
    const key = (): string => `k${draw.below(200)}`
    const expected = (k: string): string | undefined => (draw.below(4) > 0 ? map.get(k) : draw.value())
    const exchange = (next?: string): Write => {
      const k = key()
      return ['compareExchange', k, expected(k), next]
    }
    return any(draw, [
      [30, () => ['insert', key(), draw.value()]],
      [10, () => ['extend', some(draw, () => [key(), draw.value()])]],
      [10, () => ['remove', key()]],
      [5, () => ['removeMany', some(draw, key)]],
      [10, () => exchange(draw.value())],
      [5, () => exchange()],
      [0.1, () => ['clear']],
    ])
  },
  vec: (vec: VecReader<string>, draw) => {
    if (vec.length > ENOUGH) return ['truncate', ENOUGH / 2 + draw.below(ENOUGH / 4)]
    const index = (): number => draw.below(vec.length + 3) - 1
    return any(draw, [
      [15, () => ['pushBack', draw.value()]],
      [10, () => ['pushFront', draw.value()]],
      [10, () => ['insert', index(), draw.value()]],
      [5, () => ['extend', some(draw, () => draw.value())]],
      [10, () => ['popBack']],
      [10, () => ['popFront']],
      [10, () => ['remove', index()]],
      [10, () => ['set', index(), draw.value()]],
      [10, () => ['swap', index(), index()]],
      [0.1, () => ['clear']],
    ])
  },
  set: (set: SetReader<string>, draw) => {
    if (set.size > ENOUGH) return ['removeMany', first(set, ENOUGH / 2)]
    const there = (): string => first(set, draw.below(30) + 1).at(-1) ?? draw.value()
    return any(draw, [
      [30, () => ['insert', draw.below(6) > 0 ? draw.value() : there()]],
      [10, () => ['extend', some(draw, () => (draw.below(6) > 0 ? draw.value() : there()))]],
      [20, () => ['remove', draw.below(6) > 0 ? there() : draw.value()]],
      [5, () => ['removeMany', some(draw, there)]],
      [0.1, () => ['clear']],
    ])
  },
  cell: (cell: CellReader<string>, draw) =>
    any(draw, [
      [20, () => ['write', draw.value()]],
      [10, () => ['compareExchange', cell.get(), draw.value()]],
      [3, () => ['compareExchange', draw.value(), draw.value()]],
      [3, () => ['compareExchange', cell.get(), undefined]],
      [3, () => ['clear']],
    ]),
  once: (_, draw) => ['write', draw.value()],
  queue: (queue: PriorityQueueReader<number, string, string>, draw) => {
    const key = (): string => `q${draw.below(100)}`
    const priority = (): number => draw.below(1_000) - 500
    const entry = (): [number, string, string] => [priority(), key(), draw.value()]
    const exchange = (next?: string): Write => {
      const k = key()
      return ['compareExchangeValue', k, queue.get(k) ?? draw.value(), next]
    }
    const range = (): object => {
      const from = priority()
      return { from, to: from + draw.below(100), fromExclusive: draw.below(2) === 0, toInclusive: draw.below(2) === 0 }
    }
    return any(draw, [
      [20, () => ['insert', ...entry()]],
      [10, () => ['extend', some(draw, entry)]],
      [10, () => ['updatePriority', key(), priority()]],
      [10, () => ['updateValue', key(), draw.value()]],
      [5, () => exchange(draw.value())],
      [5, () => exchange()],
      [10, () => ['remove', key()]],
      [5, () => ['removeMany', some(draw, key)]],
      [5, () => ['removeRange', range()]],
      [10, () => ['popMin']],
      [10, () => ['popMax']],
      [0.1, () => ['clear']],
    ])
  },
}

function any(draw: Draw, choices: readonly Choice[]): Write {
  let at = (draw.below(2 ** 20) / 2 ** 20) * choices.reduce((sum, [weight]) => sum + weight, 0)
  const [, write] = choices.find(([weight]) => (at -= weight) < 0) as Choice
  return write()
}

function some<T>(draw: Draw, make: () => T): T[] {
  return Array.from({ length: 1 + draw.below(BATCH) }, make)
}

function first(values: Iterable<string>, count: number): string[] {
  const found: string[] = []
  for (const value of values) if (found.push(value) >= count) break
  return found
}
