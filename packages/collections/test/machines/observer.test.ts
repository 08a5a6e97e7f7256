import { expect, test } from 'vitest'
import { cellMachine, mapMachine, priorityQueueMachine, setMachine, vecMachine } from '../../src/machines/index.ts'
import type { CollectionMachine } from '../../src/machines/index.ts'
import { id, Replica } from './kit.ts'

const filled = <State>(machine: CollectionMachine<State>, method: string, values: readonly unknown[]): Replica<State> => {
  const replica = new Replica(machine)
  replica.write(method, values)
  return replica
}
const map = (): Replica<ReadonlyMap<string, number>> => filled(mapMachine<string, number>({ id }), 'extend', [['a', 1], ['b', 2], ['c', 3]]) // prettier-ignore
const set = (): Replica<ReadonlySet<string>> => filled(setMachine<string>({ id }), 'extend', ['a', 'b', 'c'])
const vec = (): Replica<Iterable<string>> => filled(vecMachine<string>({ id }), 'extend', ['a', 'b', 'c'])
const queue = (): Replica<Iterable<readonly [number, string, number]>> => filled(priorityQueueMachine<number, string, number>({ id }), 'extend', [[1, 'a', 1], [2, 'b', 2], [3, 'c', 3]]) // prettier-ignore

test.each<[string, () => Replica<unknown>, (state: never) => Iterable<unknown>]>([
  ['entries of a map', map, (state: ReadonlyMap<string, number>) => state.entries()],
  ['keys of a map', map, (state: ReadonlyMap<string, number>) => state.keys()],
  ['values of a map', map, (state: ReadonlyMap<string, number>) => state.values()],
  ['a set', set, (state: ReadonlySet<string>) => state],
  ['entries of a set', set, (state: ReadonlySet<string>) => state.entries()],
  ['a vec', vec, (state: Iterable<string>) => state],
  ['a queue, ascending', queue, (state: Iterable<unknown>) => state],
  ['a queue, descending', queue, (state: { descending(): Iterable<unknown> }) => state.descending()],
])('iterators over %s go over the state of their call', (_, create, iterate) => {
  const replica = create()
  const expected = [...iterate(replica.state as never)]
  const untouched = iterate(replica.state as never)[Symbol.iterator]()
  const begun = iterate(replica.state as never)[Symbol.iterator]()
  const found: unknown[] = [begun.next().value]
  for (const key of ['a', 'b', 'c']) replica.write(...((create === vec ? ['popBack'] : ['remove', key]) as [string]))
  for (let next = begun.next(); next.done !== true; next = begun.next()) found.push(next.value)
  expect(found).toEqual(expected)
  expect(untouched.next().value).toEqual(expected[0])
  expect([...iterate(replica.state as never)]).toEqual([])
})

test('who observes is told after the state has changed, and of what it was told no more when it leaves', () => {
  const machine = mapMachine<string, number>({ id })
  const replica = new Replica(machine)
  const seen: unknown[] = []
  machine.observe({
    applied: ({ method, result }, { index }) => seen.push([method, result, index, machine.state.get('a')]),
    replaced: (dropped) => seen.push(['replaced', dropped, machine.state.get('a')]),
  })
  replica.write('insert', 'a', 1)
  replica.write('insert', 'a', 2)
  const items = replica.items()
  replica.write('remove', 'a')
  replica.write('remove', 'a')
  replica.install(items)
  machine.observe(undefined)
  replica.write('clear')
  expect(seen).toEqual([
    ['insert', undefined, 1, 1],
    ['insert', 1, 2, 2],
    ['remove', 2, 3, undefined],
    ['remove', undefined, 4, undefined],
    ['replaced', 0, 2],
  ])
})

test.each<[string, () => CollectionMachine<unknown>, readonly [string, ...unknown[]], (state: never) => unknown]>([
  ['set', () => setMachine({ id }), ['insert', 1], (state: ReadonlySet<number>) => state.has(1)],
  ['vec', () => vecMachine({ id }), ['pushBack', 1], (state: { readonly length: number }) => state.length],
  ['cell', () => cellMachine({ id }), ['write', 1], (state: { get(): unknown }) => state.get()],
  ['queue', () => priorityQueueMachine({ id }), ['insert', 1, 1, 1], (state: { readonly size: number }) => state.size],
])('a %s that is installed is there when its observer is told', (_, create, write, read) => {
  const source = new Replica(create())
  source.write(...write)
  const machine = create()
  const seen: unknown[] = []
  machine.observe({ applied: () => {}, replaced: () => seen.push(read(machine.state as never)) })
  const receiver = machine.receiver()
  receiver.add(source.items())
  receiver.commit()
  expect(seen).toEqual([read(source.state as never)])
})

test('a write is told with its arguments by name', () => {
  const told = (machine: CollectionMachine<unknown>, method: string, ...args: readonly unknown[]): unknown => {
    const replica = new Replica(machine)
    replica.write(method, ...args)
    return replica.writes[0]
  }
  expect(told(mapMachine({ id }), 'insert', 'a', 1)).toEqual({ method: 'insert', key: 'a', value: 1, result: undefined })
  expect(told(mapMachine({ id }), 'compareExchange', 'a', undefined, 1)).toEqual({ method: 'compareExchange', key: 'a', expected: undefined, next: 1, result: true }) // prettier-ignore
  expect(told(setMachine({ id }), 'removeMany', ['a'])).toEqual({ method: 'removeMany', values: ['a'], result: 0 })
  expect(told(vecMachine({ id }), 'swap', 0, 1)).toEqual({ method: 'swap', i: 0, j: 1, result: false })
  expect(told(priorityQueueMachine({ id }), 'removeRange', { from: 1 })).toEqual({
    method: 'removeRange',
    range: { from: 1, to: undefined, fromExclusive: false, toInclusive: false },
    result: 0,
  })
})

test('the id, the kind and the capacity are in the name, and the version beside it', () => {
  expect(mapMachine({ id, version: 3 })).toMatchObject({ name: `mosaik.map.${id}`, version: 3 })
  expect(priorityQueueMachine({ id, capacity: 8 }).name).toBe(`mosaik.priority-queue.${id}.8`)
  expect(setMachine({ id })).not.toHaveProperty('version')
  const refused = expect.objectContaining({ code: 'ERR_INVALID_OPTION' }) as Error
  for (const capacity of [0, -1, 1.5]) expect(() => priorityQueueMachine({ id, capacity })).toThrow(refused)
  expect(() => mapMachine({ id }, { key: {} as never })).toThrow(refused)
})
