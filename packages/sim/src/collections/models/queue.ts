import { compareKeys, isSame } from './model.ts'
import type { Key, Model, Value } from './model.ts'

export type QueueEntry = readonly [priority: number, key: Key, value: Value]

export interface Range {
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly fromExclusive?: boolean
  readonly toInclusive?: boolean
}

/** In an array that is sorted again after each write. */
export function queueModel(capacity: number = Number.POSITIVE_INFINITY): Model {
  let all: QueueEntry[] = []
  const find = (key: Key): QueueEntry | undefined => all.find((entry) => entry[1] === key)
  const remove = (key: Key): QueueEntry | undefined => {
    const found = find(key)
    all = all.filter((entry) => entry !== found)
    return found
  }
  const put = (entry: QueueEntry): QueueEntry | undefined => {
    remove(entry[1])
    all = [...all, entry].sort(([p, a], [q, b]) => p - q || compareKeys(a, b))
    return all.length > capacity ? all.shift() : undefined
  }
  /** Answers whether it is there. */
  const change = (key: Key, changed: (entry: QueueEntry) => QueueEntry): boolean => {
    const found = find(key)
    if (found !== undefined) put(changed(found))
    return found !== undefined
  }
  return {
    methods: {
      insert: (priority: number, key: Key, value: Value) => put([priority, key, value]),
      extend: (entries: QueueEntry[]) => {
        for (const entry of entries) put(entry)
        return entries.length
      },
      updatePriority: (key: Key, priority: number) => change(key, ([, , value]) => [priority, key, value]),
      updateValue: (key: Key, value: Value) => change(key, ([priority]) => [priority, key, value]),
      compareExchangeValue: (key: Key, expected: Value, next: Value | undefined) => {
        const found = find(key)
        if (found === undefined || !isSame(found[2], expected)) return false
        if (next === undefined) remove(key)
        else put([found[0], key, next])
        return true
      },
      ...removals({ remove, all: () => all, keep: (entries) => void (all = entries) }),
    },
    shown: () => [all.length, all, all.toReversed()],
    load: ([, entries]: [number, QueueEntry[]]) => {
      all = [...entries]
    },
  }
}

interface Held {
  readonly remove: (key: Key) => QueueEntry | undefined
  readonly all: () => QueueEntry[]
  readonly keep: (entries: QueueEntry[]) => void
}

function removals({ remove, all, keep }: Held): Model['methods'] {
  return {
    remove,
    removeMany: (keys: Key[]) => keys.filter((key) => remove(key) !== undefined).length,
    removeRange: ({ from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, fromExclusive, toInclusive }: Range) => {
      const isIn = ([priority]: QueueEntry): boolean =>
        (fromExclusive === true ? priority > from : priority >= from) && (toInclusive === true ? priority <= to : priority < to)
      const before = all()
      keep(before.filter((entry) => !isIn(entry)))
      return before.length - all().length
    },
    popMin: () => all().shift(),
    popMax: () => all().pop(),
    clear: () => {
      const { length } = all()
      keep([])
      return length
    },
  }
}
