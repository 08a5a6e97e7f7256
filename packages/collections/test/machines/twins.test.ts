import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cellMachine, mapMachine, onceMachine, priorityQueueMachine, setMachine, vecMachine } from '../../src/machines/index.ts'
import type { CellState, CollectionMachine, MapState, PriorityQueueState, SetState, VecState } from '../../src/machines/index.ts'
import { checkMap, checkQueue, checkSet, checkSingle, checkVec, KEYS, shown } from './checks.ts'
import { hexOf, id, Replica, textOf } from './kit.ts'
import { cellTwin, mapTwin, onceTwin, queueTwin, setTwin, vecTwin } from './twins.ts'
import type { Twin } from './twins.ts'

type Arg = fc.Arbitrary<unknown>
type Step =
  | { readonly method: string; readonly args: readonly unknown[] }
  | { readonly install: 'fresh' | 'used'; readonly together: number }

interface Subject<State> {
  readonly name: string
  readonly machine: () => CollectionMachine<State>
  readonly twin: () => Twin
  readonly methods: Readonly<Record<string, readonly Arg[]>>
  /** Reads must say what the twin's contents say. */
  readonly check: (state: State, contents: never) => void
}

// Mostly the same few, so that writes meet.
const key = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...KEYS.slice(0, 3)) }, fc.constantFrom(...KEYS))
const value = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, fc.constantFrom(...KEYS, NaN, -Infinity))
const some = (arg: Arg): fc.Arbitrary<unknown[]> => fc.array(arg, { maxLength: 40, size: 'medium' })
const maybe = (arg: Arg): Arg => fc.option(arg, { nil: undefined })
const index = fc.integer({ min: -2, max: 60 })
const name = fc.constantFrom('a', 'b', 'ab', '', 'ü', '\0', 'a\0', 'x1', 'x2', 'x3')

/** Plays a history on a twin, on a machine, and on others that get its snapshots on the way. */
function play<State>({ machine, twin, check }: Subject<State>, steps: readonly Step[]): void {
  const expected = twin()
  let live = new Replica(machine())
  let spare = new Replica(machine())
  const replayed = new Replica(machine())
  const views: { readonly read: () => string; readonly before: string }[] = []
  for (const step of steps) {
    if ('install' in step) {
      const taken = interrupted(live, spare, step.together)
      const next = step.install === 'fresh' ? new Replica(machine()) : spare
      next.install(taken, step.together)
      expect(hexOf(next.items())).toEqual(hexOf(live.items()))
      expect(next.resets).toBeGreaterThan(0)
      ;[live, spare] = [next, live]
    } else {
      const found = live.write(step.method, ...step.args)
      expect(textOf(found)).toBe(textOf(expected.write(step.method, ...(step.args as never[]))))
      expect(textOf(replayed.write(step.method, ...step.args))).toBe(textOf(found))
      expect(live.writes.at(-1)).toMatchObject({ method: step.method, result: found })
    }
    check(live.state, expected.contents() as never)
    expect(live.machine.size).toBe(live.machine.source().count)
    const snapshot = (live.state as { snapshot(): unknown }).snapshot()
    views.push({ read: () => shown(snapshot), before: shown(expected.contents(), live.machine.kind) })
    if (views.length > 3) views.shift()
    for (const { read, before } of views) expect(read()).toBe(before)
  }
  expect(hexOf(live.items())).toEqual(hexOf(replayed.items()))
}

/** The items of a state, the second part of them by key from another machine that has just been given it. */
function interrupted<State>(live: Replica<State>, other: Replica<State>, after: number): ReturnType<Replica<State>['items']> {
  const all = live.items()
  const last = all[after - 1]?.[0]
  if (last === undefined) return all
  other.install(all, 2)
  return [...all.slice(0, after), ...other.items(Uint8Array.of(...last, 0))]
}

function stepsOf(methods: Subject<unknown>['methods']): fc.Arbitrary<Step[]> {
  const writes = Object.entries(methods).map(([method, args]) => ({
    weight: method === 'clear' ? 1 : 4,
    arbitrary: fc.tuple(...args).map((drawn): Step => ({ method, args: drawn })),
  }))
  const install = fc.record({ install: fc.constantFrom('fresh' as const, 'used' as const), together: fc.integer({ min: 1, max: 9 }) })
  return fc.array(fc.oneof(...writes, { weight: 4, arbitrary: install }), { maxLength: 40, size: 'large' })
}

function compare<State>(subject: Subject<State>): void {
  test(`${subject.name}: as its twin, whatever way led there`, () => {
    fc.assert(fc.property(stepsOf(subject.methods), (steps) => play(subject, steps)), { numRuns: 60 }) // prettier-ignore
  })
}

compare<MapState<unknown, unknown>>({
  name: 'map',
  machine: () => mapMachine({ id }),
  twin: mapTwin,
  methods: {
    insert: [key, value],
    extend: [some(fc.tuple(key, value))],
    remove: [key],
    removeMany: [some(key)],
    compareExchange: [key, maybe(value), maybe(value)],
    clear: [],
  },
  check: checkMap,
})

compare<SetState<unknown>>({
  name: 'set',
  machine: () => setMachine({ id }),
  twin: setTwin,
  methods: { insert: [key], extend: [some(key)], remove: [key], removeMany: [some(key)], clear: [] },
  check: checkSet,
})

compare<VecState<unknown>>({
  name: 'vec',
  machine: () => vecMachine({ id }),
  twin: vecTwin,
  methods: {
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
  },
  check: checkVec,
})

for (const [kind, machine, twin, methods] of [
  ['cell', cellMachine, cellTwin, { write: [value], compareExchange: [maybe(value), maybe(value)], clear: [] }],
  ['once', onceMachine, onceTwin, { write: [value] }],
] as const) {
  compare<CellState<unknown>>({
    name: kind,
    machine: () => machine({ id }),
    twin,
    methods,
    check: checkSingle,
  })
}

const PRIORITIES: Readonly<Record<string, readonly (number | bigint | string)[]>> = {
  numbers: [0, 1, -1, 1.5, -1.5, 1e-300, -1e-300, 1e300, Infinity, -Infinity, 2 ** 53, 255, 256],
  bigints: [0n, 1n, -1n, 255n, 256n, -255n, -256n, -257n, 2n ** 64n, -(2n ** 64n), 2n ** 300n, -(2n ** 300n)],
  texts: ['', '\0', '\0\0', 'a', 'a\0', 'a\0\xff', 'ab', 'b', 'ü', '\uffff', '\ud83d\ude00'],
}
for (const [of, priorities] of Object.entries(PRIORITIES)) {
  for (const capacity of [undefined, 5]) {
    const priority = fc.constantFrom(...priorities)
    compare<PriorityQueueState<unknown, unknown, unknown>>({
      name: `priority queue of ${of}, capacity ${capacity ?? 'unbounded'}`,
      machine: () => priorityQueueMachine({ id, capacity }),
      twin: () => queueTwin(capacity),
      methods: {
        insert: [priority, name, value],
        extend: [some(fc.tuple(priority, name, value))],
        updatePriority: [name, priority],
        updateValue: [name, value],
        compareExchangeValue: [name, value, maybe(value)],
        remove: [name],
        removeMany: [some(name)],
        removeRange: [
          fc.record({ from: priority, to: priority, fromExclusive: fc.boolean(), toInclusive: fc.boolean() }, { requiredKeys: [] }),
        ],
        popMin: [],
        popMax: [],
        clear: [],
      },
      check: checkQueue,
    })
  }
}
