import { MosaikError, seededPrng } from '@mosaik/core'
import type { Prng } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineCell, defineMap, defineOnce, definePriorityQueue, defineSet, defineVec } from '../../src/index.ts'
import type { Change, Collection, Committed, Definition } from '../../src/index.ts'
import { checkMap, checkQueue, checkSet, checkSingle, checkVec, KEYS } from '../machines/checks.ts'
import { textOf } from '../machines/kit.ts'
import { cellTwin, mapTwin, onceTwin, queueTwin, setTwin, vecTwin } from '../machines/twins.ts'
import type { Twin } from '../machines/twins.ts'
import { CollectionWorld } from './world.ts'
import type { Node } from './world.ts'

const consensus = 'fast'
const WRITES = 30
const SEEDS = [1, 2]

type Arg = fc.Arbitrary<unknown>
type Any = Collection<unknown>

interface Step {
  readonly method: string
  readonly args: readonly unknown[]
}

interface Subject {
  readonly definition: Definition<Any, Any>
  readonly twin: () => Twin
  readonly check: (state: never, contents: never) => void
  readonly methods: Readonly<Record<string, readonly Arg[]>>
}

/** One write that was acknowledged, and when. */
interface Acknowledged {
  readonly step: Step
  readonly committed: Committed<unknown>
  readonly calledAt: number
  readonly answeredAt: number
}

const key = fc.constantFrom(...KEYS)
const value = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 3 }) }, key)
const some = (arg: Arg): Arg => fc.array(arg, { minLength: 1, maxLength: 6 })
const maybe = (arg: Arg): Arg => fc.option(arg, { nil: undefined })
const index = fc.integer({ min: -1, max: 20 })
const name = fc.constantFrom('a', 'b', 'ab', 'ü', 'x1')
const priority = fc.integer({ min: 0, max: 9 })

const subjects: Readonly<Record<string, Subject>> = {
  map: {
    definition: defineMap('model', undefined, { consensus }),
    twin: mapTwin,
    check: checkMap as never,
    methods: {
      insert: [key, value],
      extend: [some(fc.tuple(key, value))],
      remove: [key],
      removeMany: [some(key)],
      compareExchange: [key, maybe(value), maybe(value)],
    },
  },
  set: {
    definition: defineSet('model', undefined, { consensus }),
    twin: setTwin,
    check: checkSet as never,
    methods: { insert: [key], extend: [some(key)], remove: [key], removeMany: [some(key)] },
  },
  vec: {
    definition: defineVec('model', undefined, { consensus }),
    twin: vecTwin,
    check: checkVec as never,
    methods: {
      pushBack: [value],
      pushFront: [value],
      insert: [index, value],
      extend: [some(value)],
      popBack: [],
      remove: [index],
      swap: [index, index],
    },
  },
  cell: {
    definition: defineCell('model', undefined, { consensus }),
    twin: cellTwin,
    check: checkSingle as never,
    methods: { write: [value], compareExchange: [maybe(value), maybe(value)], clear: [] },
  },
  once: {
    definition: defineOnce('model', undefined, { consensus }),
    twin: onceTwin,
    check: checkSingle as never,
    methods: { write: [value] },
  },
  'priority queue': {
    definition: definePriorityQueue<number, string, unknown>('model', {}, { consensus, capacity: 8 }),
    twin: () => queueTwin(8),
    check: checkQueue as never,
    methods: {
      insert: [priority, name, value],
      extend: [some(fc.tuple(priority, name, value))],
      updatePriority: [name, priority],
      compareExchangeValue: [name, value, maybe(value)],
      remove: [name],
      popMin: [],
      popMax: [],
    },
  },
}

function stepsOf({ methods }: Subject, seed: number): Step[] {
  const step = fc.oneof(
    ...Object.entries(methods).map(([method, args]) => fc.tuple(...args).map((drawn): Step => ({ method, args: drawn }))),
  )
  return fc.sample(step, { seed, numRuns: WRITES })
}

/** Writes one after the other. What fails may or may not have been applied. */
async function write(handle: Any, steps: readonly Step[], now: () => number, into: Acknowledged[]): Promise<void> {
  for (const step of steps) {
    const calledAt = now()
    try {
      const committed = await (handle as never as Record<string, (...args: unknown[]) => Promise<Committed<unknown>>>)[step.method]!(
        ...step.args,
      )
      into.push({ step, committed, calledAt, answeredAt: now() })
    } catch (error) {
      if (!MosaikError.is(error, 'ERR_UNKNOWN') && !MosaikError.is(error, 'ERR_OFFLINE')) throw error
    }
  }
}

async function gather(from: AsyncIterable<Change>, into: Change[]): Promise<void> {
  for await (const change of from) into.push(change)
}

/** One trouble after the other: a node cut off, or stopped and gone on, never two at once. */
async function trouble(world: CollectionWorld, nodes: readonly Node[], draw: Prng): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const { endpoint } = nodes[draw.uint32() % nodes.length] as Node
    await world.pass(draw.uint32() % 500)
    const end = draw.uint32() % 2 === 0 ? world.sim.partition([endpoint]) : (world.sim.pause(endpoint), () => world.sim.resume(endpoint))
    await world.pass(200 + (draw.uint32() % 1_500))
    end()
  }
}

/** What was told of each write, in order, makes the same results and the same state as a plain structure; whatever was answered is in it. */
function verify(subject: Subject, changes: readonly Change[], acknowledged: readonly Acknowledged[], handles: readonly Any[]): void {
  const twin = subject.twin()
  const told = new Map<number, Change & { readonly type: 'write' }>()
  for (const change of changes) {
    if (change.type !== 'write') throw new Error(`there is a ${change.type} among the changes`)
    const { type: _, version, method, result, ...args } = change as Change & { type: 'write'; version: { index: number }; method: string }
    told.set(version.index, change)
    expect(textOf(result)).toBe(textOf(twin.write(method, ...(Object.values(args) as never[]))))
  }
  expect(told.size).toBe(changes.length)
  for (const { step, committed } of acknowledged) {
    expect(told.get(committed.version.index)).toMatchObject({ method: step.method, version: committed.version })
    expect(textOf(told.get(committed.version.index)!['result'])).toBe(textOf(committed.result))
  }
  for (const earlier of acknowledged)
    for (const later of acknowledged)
      if (earlier.answeredAt < later.calledAt) expect(earlier.committed.version.index).toBeLessThan(later.committed.version.index)
  for (const handle of handles) {
    expect(handle.version).toEqual(handles[0]!.version)
    subject.check(handle as never, twin.contents() as never)
  }
}

describe.each(Object.keys(subjects))('a %s under faults', (kind) => {
  it.each(SEEDS)('does what a plain one does, once for each write (seed %i)', async (seed) => {
    const subject = subjects[kind] as Subject
    await using world = new CollectionWorld(`${kind} ${seed}`)
    const nodes = await world.some(4)
    const handles = nodes.map(
      ({ collections }, i) => (i === 3 ? collections.reader : collections.writer).call(collections, subject.definition) as Any,
    )
    await world.together(...handles)
    const changes: Change[] = []
    void gather(handles[0]!.changes(), changes)
    const acknowledged: Acknowledged[] = []
    const now = (): number => world.sim.now
    const writing = Promise.all(handles.slice(0, 3).map((handle, i) => write(handle, stepsOf(subject, seed * 10 + i), now, acknowledged)))
    await trouble(world, nodes, seededPrng(seed))
    await world.run(writing)
    await world.until(
      () => new Set(handles.map(({ version }) => version.index)).size === 1 && handles.every(({ isOnline }) => isOnline),
      () => 'all level',
    )
    expect(acknowledged.length).toBeGreaterThan(WRITES)
    verify(subject, changes, acknowledged, handles)
  })
})
