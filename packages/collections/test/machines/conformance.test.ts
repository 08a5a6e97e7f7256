import { uniqueId } from '@mosaik/core'
import type { Prng } from '@mosaik/core'
import { stateMachineSuite } from '@mosaik/raft/testing'
import { describe, it } from 'vitest'
import { cellMachine, mapMachine, onceMachine, priorityQueueMachine, setMachine, vecMachine } from '../../src/machines/index.ts'
import type { CollectionMachine, Command } from '../../src/machines/index.ts'

type Draw<T> = (prng: Prng) => T

const id = uniqueId('machines')
const options = { histories: 4, commands: 60 }
const KEYS: readonly unknown[] = [
  'a',
  'b',
  'ü',
  '',
  0,
  1,
  -1.5,
  1n,
  null,
  true,
  new Uint8Array([1]),
  { a: 1, b: [2] },
  new Date(7),
  [1, 'x'],
]
const VALUES: readonly unknown[] = [
  0,
  1,
  'text',
  null,
  false,
  { x: 1, y: { z: [1, 2] } },
  new Uint8Array(3),
  12n,
  new Date(1.5e12),
  new Float64Array(2),
]

const below = (prng: Prng, end: number): number => prng.uint32() % end
const of = <T>(prng: Prng, all: readonly T[]): T => all[below(prng, all.length)] as T
const key: Draw<unknown> = (prng) => of(prng, KEYS)
const value: Draw<unknown> = (prng) => of(prng, VALUES)
const maybe = (draw: Draw<unknown>): Draw<unknown> => (prng) => (below(prng, 3) === 0 ? undefined : draw(prng)) // prettier-ignore
const some = (draw: Draw<unknown>): Draw<unknown> => (prng) => Array.from({ length: below(prng, 6) }, () => draw(prng)) // prettier-ignore
const tuple = (...draws: Draw<unknown>[]): Draw<unknown> => (prng) => draws.map((draw) => draw(prng)) // prettier-ignore

function commands(methods: Readonly<Record<string, readonly Draw<unknown>[]>>): Draw<Command> {
  const names = Object.keys(methods)
  return (prng) => {
    const method = of(prng, names)
    return { method, args: (methods[method] ?? []).map((draw) => draw(prng)) }
  }
}

const mapCommands = commands({
  insert: [key, value],
  extend: [some(tuple(key, value))],
  remove: [key],
  removeMany: [some(key)],
  compareExchange: [key, maybe(value), maybe(value)],
  clear: [],
})
const setCommands = commands({ insert: [key], extend: [some(key)], remove: [key], removeMany: [some(key)], clear: [] })
const cellCommands = commands({ write: [value], compareExchange: [maybe(value), maybe(value)], clear: [] })

const index: Draw<unknown> = (prng) => below(prng, 12) - 2
const vecCommands = commands({
  pushBack: [value],
  pushFront: [value],
  insert: [index, value],
  extend: [some(value)],
  popBack: [],
  popFront: [],
  remove: [index],
  set: [index, value],
  swap: [index, index],
  truncate: [index],
  clear: [],
})

const priority: Draw<unknown> = (prng) => of(prng, [0, 1, -1, 2.5, Infinity, 'a', 'a\0', 'ab', '', 'ü', -3n, 1n, 2n ** 70n])
const range: Draw<unknown> = (prng) => ({ from: maybe(priority)(prng), to: maybe(priority)(prng), fromExclusive: below(prng, 2) > 0, toInclusive: below(prng, 2) > 0 }) // prettier-ignore
const queueCommands = commands({
  insert: [priority, key, value],
  extend: [some(tuple(priority, key, value))],
  updatePriority: [key, priority],
  updateValue: [key, value],
  compareExchangeValue: [key, value, maybe(value)],
  remove: [key],
  removeMany: [some(key)],
  removeRange: [range],
  popMin: [],
  popMax: [],
  clear: [],
})

for (const capacity of [undefined, 4]) {
  const create = (): CollectionMachine<unknown> => priorityQueueMachine({ id, capacity })
  stateMachineSuite(`priority queue of ${capacity ?? 'any size'}`, () => ({ create, command: queueCommands }), { describe, it }, options)
}
stateMachineSuite('vec', () => ({ create: () => vecMachine({ id }), command: vecCommands }), { describe, it }, options)
stateMachineSuite('map', () => ({ create: () => mapMachine({ id }), command: mapCommands }), { describe, it }, options)
stateMachineSuite('set', () => ({ create: () => setMachine({ id }), command: setCommands }), { describe, it }, options)
stateMachineSuite('cell', () => ({ create: () => cellMachine({ id }), command: cellCommands }), { describe, it }, options)
stateMachineSuite('once', () => ({ create: () => onceMachine({ id }), command: commands({ write: [value] }) }), { describe, it }, options)
