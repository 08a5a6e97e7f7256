import { isSame } from './model.ts'
import type { Model, Value } from './model.ts'

export function cellModel(): Model {
  return single((swap, now) => ({
    write: swap,
    compareExchange: (expected: Value | undefined, next: Value | undefined) => {
      const isExpected = isSame(now(), expected)
      if (isExpected) swap(next)
      return isExpected
    },
    clear: () => swap(undefined),
  }))
}

export function onceModel(): Model {
  return single((swap, now) => ({
    write: (value: Value) => {
      const isFirst = now() === undefined
      if (isFirst) swap(value)
      return isFirst
    },
  }))
}

type Swap = (next: Value | undefined) => Value | undefined

function single(methodsOf: (swap: Swap, now: () => Value | undefined) => Model['methods']): Model {
  let value: Value | undefined
  const swap: Swap = (next) => {
    const before = value
    value = next
    return before
  }
  return {
    methods: methodsOf(swap, () => value),
    shown: () => [value === undefined, value ?? null],
    load: ([isEmpty, given]: [boolean, Value]) => {
      value = isEmpty ? undefined : given
    },
  }
}
