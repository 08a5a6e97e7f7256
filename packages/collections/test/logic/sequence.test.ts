import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Sequence } from '../../src/logic/sequence.ts'

const sequenceOf = (items: Iterable<number>): Sequence<number> => {
  let sequence = new Sequence<number>()
  for (const item of items) sequence = sequence.insert(sequence.length, item)
  return sequence
}
const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i)

test.each([0, 1, 31, 32, 33, 1024, 1025, 40_000])('%i appended elements are where they belong', (length) => {
  const sequence = sequenceOf(upTo(length))
  expect(sequence.length).toBe(length)
  expect([...sequence]).toEqual(upTo(length))
  expect([...sequence.leaves()]).toHaveLength(Math.ceil(length / 32))
  for (const from of [0, 1, 31, 32, 1000, length - 1, length, length + 1]) {
    if (from >= 0) expect([...sequence.from(from)]).toEqual(upTo(length).slice(from))
  }
  for (const i of [0, 31, 32, 33, 1024, length - 1]) expect(sequence.get(i)).toBe(i >= 0 && i < length ? i : undefined)
})

test('put in at the front, it is as good as at the back', () => {
  let sequence = new Sequence<number>()
  for (let i = 3000; i-- > 0;) sequence = sequence.insert(0, i)
  expect([...sequence]).toEqual(upTo(3000))
})

test('any change, anywhere, is what an array makes of it, and nothing older changes', () => {
  const change = fc.tuple(fc.constantFrom('insert', 'insert', 'remove', 'with', 'take', 'drain'), fc.nat(), fc.integer())
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), fc.array(change, { maxLength: 200, size: 'max' }), (length, changes) => {
      const array = upTo(length)
      let sequence = sequenceOf(array)
      const old = { sequence, array: [...array] }
      for (const [kind, place, value] of changes) {
        const at = place % (array.length + 1)
        if (kind === 'insert') {
          sequence = sequence.insert(at, value)
          array.splice(at, 0, value)
        } else if (kind === 'take') {
          const count = Math.max(at, array.length - 100)
          sequence = sequence.take(count)
          array.splice(count)
        } else if (at < array.length) {
          if (kind === 'with') {
            sequence = sequence.with(at, value)
            array[at] = value
          } else {
            // A run, so that whole nodes become empty and others join.
            for (let n = kind === 'drain' ? Math.min(70, array.length - at) : 1; n > 0; n--) {
              sequence = sequence.remove(at)
              array.splice(at, 1)
            }
          }
        }
        expect(sequence.length).toBe(array.length)
        expect(sequence.get(at)).toBe(array[at])
      }
      expect([...sequence]).toEqual(array)
      expect([...sequence.leaves()].every((leaf) => leaf.length > 0)).toBe(true)
      expect([...old.sequence]).toEqual(old.array)
    }),
    { numRuns: 60 },
  )
})

test('emptied one by one from the front, from the back and from the middle', () => {
  for (const place of [() => 0, (length: number) => length - 1, (length: number) => length >> 1]) {
    let sequence = sequenceOf(upTo(1000))
    while (sequence.length > 0) {
      sequence = sequence.remove(place(sequence.length))
      const leaves = [...sequence.leaves()]
      expect(leaves.length).toBeLessThanOrEqual(2 + sequence.length / 16)
      expect(leaves.every((leaf) => leaf.length > 0)).toBe(true)
    }
    expect([...sequence.insert(0, 7)]).toEqual([7])
  }
})
