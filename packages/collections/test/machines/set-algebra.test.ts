import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setMachine } from '../../src/machines/index.ts'
import type { SetState } from '../../src/machines/index.ts'
import { id, Replica, textOf } from './kit.ts'

// Not equal to another as objects, but by value.
const element = fc.constantFrom<(() => unknown)[]>(() => 1, () => 1n, () => 'a', () => ({ a: 1 }), () => [1, { b: 2 }], () => new Uint8Array([1]), () => new Date(5), () => null) // prettier-ignore
const elements = fc.array(element, { maxLength: 8 }).map((makers) => makers.map((make) => make()))
const texts = (values: Iterable<unknown>): Set<string> => new Set(Array.from(values, textOf))
const setOf = (values: readonly unknown[]): SetState<unknown> => {
  const replica = new Replica(setMachine({ id }))
  replica.write('extend', values)
  return replica.state
}

test('the methods of sets compare by value, and give each value once', () => {
  fc.assert(
    fc.property(elements, elements, fc.boolean(), (ours, theirs, isReplica) => {
      const set = setOf(ours)
      const other: ReadonlySetLike<unknown> = isReplica ? setOf(theirs) : new Set(theirs)
      const [a, b] = [texts(ours), texts(theirs)]
      for (const method of ['union', 'intersection', 'difference', 'symmetricDifference'] as const) {
        const found = set[method](other)
        expect(found).toBeInstanceOf(Set)
        expect(texts(found)).toEqual(a[method](b))
        expect(found.size).toBe(texts(found).size)
      }
      for (const method of ['isSubsetOf', 'isSupersetOf', 'isDisjointFrom'] as const) expect(set[method](other)).toBe(a[method](b))
    }),
  )
})

test('what can be no element is in another set nevertheless', () => {
  const strange = Symbol('strange')
  const set = setOf([1, { a: 1 }])
  expect(set.union(new Set([strange, { a: 1 }]))).toEqual(new Set([1, { a: 1 }, strange]))
  expect(set.symmetricDifference(new Set<unknown>([strange, 1]))).toEqual(new Set([{ a: 1 }, strange]))
  expect([set.isSupersetOf(new Set([strange])), set.isSubsetOf(new Set<unknown>([1, strange]))]).toEqual([false, false])
})
