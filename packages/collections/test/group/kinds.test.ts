import { describe, expect, it } from 'vitest'
import { definePriorityQueue, defineSet, defineVec } from '../../src/index.ts'
import type { Collection, Collections, Definition } from '../../src/index.ts'
import { CollectionWorld } from './world.ts'

const consensus = 'fast'

/** Two writers and a reader, each on a node of its own. */
async function three<R extends Collection<unknown>, W extends Collection<unknown>>(
  world: CollectionWorld,
  definition: Definition<R, W>,
): Promise<{ readonly one: W; readonly two: W; readonly reader: R }> {
  const [a, b, c] = (await world.some(3)).map(({ collections }) => collections) as [Collections, Collections, Collections]
  const [one, two, reader] = [a.writer(definition), b.writer(definition), c.reader(definition)]
  await world.together(one, two, reader)
  return { one, two, reader }
}

describe('over three nodes', () => {
  it('a Vec is one list', async () => {
    await using world = new CollectionWorld(1)
    const { one, two, reader } = await three(world, defineVec<string>('lines', undefined, { consensus }))
    const result = async <R>(write: Promise<{ readonly result: R }>): Promise<R> => (await world.run(write)).result
    expect(await result(one.pushBack('b'))).toBe(1)
    expect(await result(two.pushFront('a'))).toBe(2)
    expect(await result(one.extend(['d', 'e']))).toBe(4)
    expect(await result(one.extend([]))).toBe(4)
    expect(await result(two.insert(2, 'c'))).toBe(true)
    expect(await result(two.insert(6, 'z'))).toBe(false)
    expect(await result(one.swap(0, 4))).toBe(true)
    expect(await result(one.swap(0, 9))).toBe(false)
    expect(await result(two.set(0, 'E'))).toBe('e')
    expect(await result(two.set(5, 'x'))).toBeUndefined()
    expect(await result(one.remove(1))).toBe('b')
    expect(await result(one.remove(-1))).toBeUndefined()
    await world.level(one, reader)
    expect([...reader]).toEqual(['E', 'c', 'd', 'a'])
    expect([reader.front(), reader.back(), reader.at(-2), reader.get(9), reader.length]).toEqual(['E', 'a', 'd', undefined, 4])
    expect([reader.indexOf('d'), reader.includes('x'), reader.slice(1, 3), reader.isEmpty]).toEqual([2, false, ['c', 'd'], false])
    const view = reader.snapshot()
    expect(await result(two.popBack())).toBe('a')
    expect(await result(two.popFront())).toBe('E')
    expect(await result(one.truncate(1))).toBe(1)
    expect(await result(one.clear())).toBe(1)
    expect(await result(one.popBack())).toBeUndefined()
    await world.level(one, two, reader)
    expect([two.isEmpty, reader.length, view]).toEqual([true, 0, ['E', 'c', 'd', 'a']])
  })

  it('a Set compares by value', async () => {
    await using world = new CollectionWorld(2)
    const { one, two, reader } = await three(world, defineSet<{ a: number; b?: Uint8Array }>('tags', undefined, { consensus }))
    const bytes = Uint8Array.of(1, 2)
    expect((await world.run(one.insert({ a: 1, b: bytes }))).result).toBe(true)
    expect((await world.run(two.insert({ b: Uint8Array.of(1, 2), a: 1 }))).result).toBe(false)
    expect((await world.run(two.extend([{ a: 2 }, { a: 2 }, { a: 1, b: bytes }]))).result).toBe(1)
    await world.level(two, reader)
    expect([reader.size, reader.has({ a: 2 }), reader.isSubsetOf(new Set([{ a: 2 }, { a: 1, b: bytes }, { a: 3 }]))]).toEqual([
      2,
      true,
      true,
    ])
    expect([...reader.intersection(new Set([{ a: 2 }, { a: 3 }]))]).toEqual([{ a: 2 }])
    expect((await world.run(one.removeMany([{ a: 2 }, { a: 9 }]))).result).toBe(1)
    expect((await world.run(one.remove({ a: 9 }))).result).toBe(false)
    expect((await world.run(one.clear())).result).toBe(1)
  })

  it('each job of a PriorityQueue goes to one of those who ask', async () => {
    await using world = new CollectionWorld(3)
    const { one, two, reader } = await three(world, definePriorityQueue<number, string, number>('jobs', {}, { consensus, capacity: 4 }))
    expect((await world.run(one.extend([[3, 'c', 30], [1, 'a', 10], [2, 'b', 20]]))).result).toBe(3) // prettier-ignore
    expect((await world.run(two.insert(4, 'd', 40))).result).toBeUndefined()
    expect((await world.run(two.insert(5, 'e', 50))).result).toEqual([1, 'a', 10])
    expect((await world.run(one.updatePriority('b', 9))).result).toBe(true)
    expect((await world.run(one.updateValue('x', 9))).result).toBe(false)
    expect((await world.run(one.compareExchangeValue('b', 20, 21))).result).toBe(true)
    await world.level(one, reader)
    expect([...reader]).toEqual([[3, 'c', 30], [4, 'd', 40], [5, 'e', 50], [9, 'b', 21]]) // prettier-ignore
    expect([...reader.descending()].map(([, key]) => key)).toEqual(['b', 'e', 'd', 'c'])
    expect([reader.min(), reader.maxPriority(), reader.get('d'), reader.priorityOf('d'), reader.capacity, reader.size]).toEqual(
      [[3, 'c', 30], 9, 40, 4, 4, 4], // prettier-ignore
    )
    const popped = await world.run(Promise.all([one.popMax(), two.popMax(), one.popMin(), two.popMin(), two.popMin()]))
    const keys = popped.map(({ result }) => result?.[1])
    expect(new Set(keys)).toEqual(new Set(['b', 'c', 'd', 'e', undefined]))
    await world.run(one.extend([[1, 'a', 1], [2, 'b', 2], [3, 'c', 3]])) // prettier-ignore
    expect((await world.run(two.removeRange({ from: 1, to: 3, fromExclusive: true }))).result).toBe(1)
    expect((await world.run(two.remove('c'))).result).toEqual([3, 'c', 3])
    await world.level(two, reader)
    expect(reader.snapshot()).toEqual([[1, 'a', 1]])
  })
})
