import { compareKeys, isSame } from './model.ts'
import type { Key, Model, Value } from './model.ts'

export function mapModel(): Model {
  let all = new Map<Key, Value>()
  const put = (key: Key, value: Value | undefined): Value | undefined => {
    const before = all.get(key)
    if (value === undefined) all.delete(key)
    else all.set(key, value)
    return before
  }
  return {
    methods: {
      insert: put,
      extend: (entries: [Key, Value][]) => {
        for (const [key, value] of entries) put(key, value)
        return entries.length
      },
      remove: (key: Key) => put(key, undefined),
      removeMany: (keys: Key[]) => keys.filter((key) => put(key, undefined) !== undefined).length,
      compareExchange: (key: Key, expected: Value | undefined, next: Value | undefined) => {
        const isExpected = isSame(all.get(key), expected)
        if (isExpected) put(key, next)
        return isExpected
      },
      clear: () => {
        const { size } = all
        all = new Map()
        return size
      },
    },
    shown: () => [all.size, [...all].sort(([a], [b]) => compareKeys(a, b))],
    load: ([, entries]: [number, [Key, Value][]]) => {
      all = new Map(entries)
    },
  }
}
