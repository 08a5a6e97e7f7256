import type { Model, Value } from './model.ts'

export function vecModel(): Model {
  let all: Value[] = []
  const has = (index: number): boolean => index >= 0 && index < all.length
  return {
    methods: {
      pushBack: (value: Value) => all.push(value),
      pushFront: (value: Value) => all.unshift(value),
      insert: (index: number, value: Value) => {
        const fits = has(index) || index === all.length
        if (fits) all.splice(index, 0, value)
        return fits
      },
      extend: (values: Value[]) => all.push(...values),
      popBack: () => all.pop(),
      popFront: () => all.shift(),
      remove: (index: number) => (has(index) ? all.splice(index, 1)[0] : undefined),
      set: (index: number, value: Value) => (has(index) ? all.splice(index, 1, value)[0] : undefined),
      swap: (i: number, j: number) => {
        if (!has(i) || !has(j)) return false
        const [a, b] = [all[i], all[j]] as [Value, Value]
        all[i] = b
        all[j] = a
        return true
      },
      truncate: (length: number) => (length < 0 ? 0 : all.splice(length).length),
      clear: () => all.splice(0).length,
    },
    shown: () => [all.length, all, all[0] ?? null, all.at(-1) ?? null],
    load: ([, values]: [number, Value[]]) => {
      all = [...values]
    },
  }
}
