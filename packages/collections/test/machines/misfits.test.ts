import { canonical } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { cellMachine, mapMachine, onceMachine, priorityQueueMachine, setMachine, vecMachine } from '../../src/machines/index.ts'
import type { CollectionMachine } from '../../src/machines/index.ts'
import { hexOf, id, Replica } from './kit.ts'

/** A machine without types and one with them; writes of which some fit the types; what does not, in the order in which it is told. */
interface Case {
  readonly loose: () => CollectionMachine<unknown>
  readonly strict: () => CollectionMachine<unknown>
  readonly writes: readonly (readonly [string, ...unknown[]])[]
  readonly told: readonly string[]
  /** Of the state after the writes. */
  readonly items: readonly string[]
}

const text = z.string().max(3)
const number = z.number()
const cases: Readonly<Record<string, Case>> = {
  map: {
    loose: () => mapMachine({ id }),
    strict: () => mapMachine({ id }, { key: text, value: number }),
    writes: [
      ['insert', 'a', 1],
      ['insert', 'a', 'x'],
      ['insert', 5, 'x'],
      ['extend', [['b', 1], ['long', 1], ['c', null]]], // prettier-ignore
      ['compareExchange', 'a', 'x', { y: 1 }],
      ['compareExchange', 'a', 1, undefined],
      ['removeMany', ['b', 'longer']],
      ['remove', 5],
    ],
    told: ['value', 'key', 'value', 'key', 'value', 'value', 'value', 'key', 'key'],
    items: ['value', 'value', 'key'],
  },
  set: {
    loose: () => setMachine({ id }),
    strict: () => setMachine({ id }, number),
    writes: [['insert', 1], ['insert', 'a'], ['extend', [2, 'b', 'a']], ['remove', 'b'], ['removeMany', [1, 'z']]], // prettier-ignore
    told: ['value', 'value', 'value', 'value', 'value'],
    items: ['value'],
  },
  vec: {
    loose: () => vecMachine({ id }),
    strict: () => vecMachine({ id }, number),
    writes: [['pushBack', 1], ['pushFront', 'a'], ['extend', [1, null]], ['insert', 9, 'b'], ['set', 0, 'c'], ['popBack'], ['swap', 0, 1]], // prettier-ignore
    told: ['value', 'value', 'value', 'value'],
    items: ['value'],
  },
  cell: {
    loose: () => cellMachine({ id }),
    strict: () => cellMachine({ id }, number),
    writes: [['write', 'a'], ['compareExchange', 'a', 1], ['compareExchange', 1, [2]], ['compareExchange', 7, undefined]], // prettier-ignore
    told: ['value', 'value', 'value'],
    items: ['value'],
  },
  once: {
    loose: () => onceMachine({ id }),
    strict: () => onceMachine({ id }, number),
    writes: [['write', 'a'], ['write', 1]], // prettier-ignore
    told: ['value'],
    items: ['value'],
  },
  queue: {
    loose: () => priorityQueueMachine({ id, capacity: 4 }),
    strict: () => priorityQueueMachine({ id, capacity: 4 }, { priority: number, key: text, value: number }),
    writes: [
      ['insert', 1, 'a', 1],
      ['insert', 'high', 'long', 'x'],
      ['extend', [[2n, 'b', 1], [3, 'c', null]]], // prettier-ignore
      ['updatePriority', 'b', 'top'],
      ['updateValue', 'b', 'v'],
      ['compareExchangeValue', 'b', 'v', 'w'],
      ['popMin'],
      ['removeRange', { from: 5n, to: 'a' }],
      ['remove', 'long'],
    ],
    told: ['priority', 'key', 'value', 'priority', 'value', 'priority', 'value', 'value', 'value', 'priority', 'priority', 'key'],
    items: ['priority', 'value'],
  },
}

test.each(Object.keys(cases))('a %s holds and answers the same with a schema that refuses what comes, and says so', (kind) => {
  const { loose, strict, writes, told, items } = cases[kind] as Case
  const [writer, other] = [new Replica(loose()), new Replica(strict())]
  for (const [method, ...args] of writes) {
    const bytes = writer.encode(method, ...args)
    expect(other.deliver(bytes)).toEqual(writer.deliver(bytes))
    expect(hexOf(other.items())).toEqual(hexOf(writer.items()))
  }
  expect(other.writes).toEqual(writer.writes)
  expect(other.misfits.map(({ part }) => part)).toEqual(told)
  expect(other.misfits.every(({ reason }) => reason.includes('schema'))).toBe(true)
  expect(writer.misfits).toEqual([])

  const late = new Replica(strict())
  late.install(writer.items())
  expect(hexOf(late.items())).toEqual(hexOf(writer.items()))
  expect([late.dropped, late.resets]).toEqual([0, 1])
  expect(late.misfits.map(({ part }) => part).toSorted()).toEqual([...items].toSorted())
})

test('a schema that throws, or answers with a promise, is a misfit like any other', () => {
  const asynchronous = z.number().refine(async () => true)
  const throwing = z.number().refine(() => {
    throw new Error('broken')
  })
  for (const schema of [asynchronous, throwing]) {
    const [writer, other] = [new Replica(mapMachine({ id })), new Replica(mapMachine({ id }, { value: schema }))]
    expect(other.deliver(writer.encode('insert', 'a', 1))).toEqual({ result: undefined })
    expect([other.state.get('a'), other.misfits.length]).toEqual([1, 1])
  }
})

test('no schema is asked about what is refused', () => {
  const writer = new Replica(mapMachine({ id }))
  const strict = new Replica(mapMachine({ id }, { key: z.string(), value: z.string() }))
  expect(strict.deliver(writer.encode('insert', 'a', 1).slice(0, -1))).toHaveProperty('refused')
  expect(strict.misfits).toEqual([])
})

test('a schema that does not take what it makes is refused before anything is sent', () => {
  const schema = z.string().transform((each) => each.length)
  const replica = new Replica(mapMachine({ id }, { value: schema }))
  expect(() => replica.encode('insert', 'a', 'text')).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_DATUM', datum: 'text', message: expect.stringContaining('makes') as string }) as Error,
  )
})

test('what a codec throws is in no reply', () => {
  let calls = 0
  const codec = {
    encode: (each: number) => Uint8Array.of(each),
    decode: () => {
      throw new Error(`call ${calls++}`)
    },
  }
  const replica = new Replica(setMachine({ id }, codec))
  const bytes = new Replica(setMachine({ id })).encode('insert', Uint8Array.of(1))
  expect(replica.deliver(bytes)).toEqual(replica.deliver(bytes))
})

test('a value as deep as may be travels in every answer, and a deeper one is refused on both sides', () => {
  const queue = new Replica(priorityQueueMachine({ id }))
  let deep: CanonicalValue = 1
  for (let depth = 0; depth < 30; depth++) {
    queue.write('insert', 1, 'a', deep)
    expect(queue.write('popMin')).toEqual([1, 'a', deep])
    deep = [deep]
  }
  queue.write('insert', 1, 'a', deep)
  expect(queue.write('remove', 'a')).toEqual([1, 'a', deep])
  expect(() => queue.encode('insert', 1, 'a', [deep])).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DATUM' }) as Error)
  expect(queue.deliver(canonical(['insert', 1, 'a', [deep]]))).toEqual({ refused: expect.stringContaining('nested') as string })
})
