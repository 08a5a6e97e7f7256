import { expect, test } from 'vitest'
import { lazyArray } from '../../src/logic/lazy-array.ts'

const lazy = (): { array: readonly number[]; fills: () => number } => {
  let fills = 0
  const array = lazyArray<number>((into) => {
    fills++
    into.push(1, 2, 3)
  })
  return { array, fills: () => fills }
}

test('is filled once, when it is first looked into', () => {
  const { array, fills } = lazy()
  expect(Array.isArray(array)).toBe(true)
  expect(fills()).toBe(0)
  expect([array.length, array[1], array.at(-1), 1 in array, array.includes(3)]).toEqual([3, 2, 3, true, true])
  expect(fills()).toBe(1)
})

test('is as good as any array', () => {
  const { array } = lazy()
  expect(array).toEqual([1, 2, 3])
  expect([...array]).toEqual([1, 2, 3])
  expect(array.map((n) => n * 2)).toEqual([2, 4, 6])
  expect(array.map((_, __, all) => all.length)).toEqual([3, 3, 3])
  expect([0].concat(array)).toEqual([0, 1, 2, 3])
  expect([Object.keys(array), JSON.stringify(array), structuredClone([...array])]).toEqual([['0', '1', '2'], '[1,2,3]', [1, 2, 3]])
  expect(array.toSorted((a, b) => b - a)).toEqual([3, 2, 1])
})

test('cannot be changed', () => {
  const change: readonly ((array: number[]) => unknown)[] = [
    (array) => array.push(4),
    (array) => array.reverse(),
    (array) => (array[0] = 9),
    (array) => (array.length = 0),
    (array) => Reflect.deleteProperty(array, '0') || array.pop(),
    (array) => Object.defineProperty(array, '0', { value: 9 }),
    (array) => Object.setPrototypeOf(array, null),
  ]
  for (const attempt of change) {
    for (const isFresh of [true, false]) {
      const { array } = lazy()
      if (!isFresh) expect(array).toHaveLength(3)
      expect(() => attempt(array as number[])).toThrow(TypeError)
      expect([...array]).toEqual([1, 2, 3])
    }
  }
  expect(Object.isFrozen(lazy().array)).toBe(true)
})
