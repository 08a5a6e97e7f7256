import { compareKeys } from './model.ts'
import type { Key, Model } from './model.ts'

export function setModel(): Model {
  let all = new Set<Key>()
  const insert = (value: Key): boolean => {
    const isNew = !all.has(value)
    all.add(value)
    return isNew
  }
  const remove = (value: Key): boolean => all.delete(value)
  return {
    methods: {
      insert,
      extend: (values: Key[]) => values.filter(insert).length,
      remove,
      removeMany: (values: Key[]) => values.filter(remove).length,
      clear: () => {
        const { size } = all
        all = new Set()
        return size
      },
    },
    shown: () => [all.size, [...all].sort(compareKeys)],
    load: ([, values]: [number, Key[]]) => {
      all = new Set(values)
    },
  }
}
