import { defineCell, defineMap, defineOnce, definePriorityQueue, defineSet, defineVec } from '../../src/index.ts'
import type {
  CellReader, Change, Collection, Committed, Definition, MapReader, PriorityQueueReader, SetReader, VecReader,
} from '../../src/index.ts' // prettier-ignore
import { cellTwin, mapTwin, onceTwin, queueTwin, setTwin, vecTwin } from '../machines/twins.ts'
import type { Twin } from '../machines/twins.ts'

export const KINDS = ['map', 'vec', 'set', 'cell', 'once', 'queue'] as const
export type Kind = (typeof KINDS)[number]
export type Any = Collection<unknown>

/** A method of a writer and all its arguments, but for the options. */
export type Write = readonly [method: string, ...args: unknown[]]

interface Subject {
  readonly definition: Definition<Any, Any>
  readonly twin: () => Twin
  /** Whether the order of iteration is the writers' affair. */
  readonly isOrdered: boolean
  /** All that is there, in the order of iteration. */
  readonly contents: (handle: never) => unknown[]
}

const CAPACITY = 64
// Three of five: nobody begins a history of its own that loses against another. Whoever is started again keeps its place meanwhile.
// All must find each other before some of them found: two histories would be none that a kill has made. On a busy machine 300 ms are few.
const options = { consensus: { preset: 'fast', minMembers: 3, memberGrace: '15s', bootstrapDelay: '3s' } } as const
const value = (handle: CellReader<string>): string[] => (handle.isEmpty ? [] : [handle.get() as string])

export const subjects: Readonly<Record<Kind, Subject>> = {
  map: {
    definition: defineMap<string, string>('killed map', undefined, options),
    twin: mapTwin,
    isOrdered: false,
    contents: (map: MapReader<string, string>) => [...map],
  },
  vec: {
    definition: defineVec<string>('killed vec', undefined, options),
    twin: vecTwin,
    isOrdered: true,
    contents: (vec: VecReader<string>) => [...vec],
  },
  set: {
    definition: defineSet<string>('killed set', undefined, options),
    twin: setTwin,
    isOrdered: false,
    contents: (set: SetReader<string>) => [...set],
  },
  cell: { definition: defineCell<string>('killed cell', undefined, options), twin: cellTwin, isOrdered: true, contents: value },
  once: {
    definition: defineOnce<string>('killed once', undefined, options),
    twin: onceTwin,
    isOrdered: true,
    contents: value as (handle: never) => unknown[],
  },
  queue: {
    definition: definePriorityQueue<number, string, string>('killed queue', undefined, { ...options, capacity: CAPACITY }),
    twin: () => queueTwin(CAPACITY),
    isOrdered: true,
    contents: (queue: PriorityQueueReader<number, string, string>) => [...queue],
  },
}

export function perform(handle: Any, [method, ...args]: Write, timeout: string): Promise<Committed<unknown>> {
  return (handle as never as Record<string, (...all: unknown[]) => Promise<Committed<unknown>>>)[method]!(...args, { timeout })
}

/** The write that a change tells of. */
export function writeOf(change: Change & { readonly type: 'write' }): Write {
  const { type: _type, version: _version, method, result: _result, ...args } = change
  return [method as string, ...Object.values(args)]
}
