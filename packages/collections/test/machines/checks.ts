import { expect } from 'vitest'
import type { CellState, MapState, PriorityQueueState, SetState, VecState } from '../../src/machines/index.ts'
import { textOf } from './kit.ts'

/** No two of them are equal by value, but `{ a, b }` and `{ b, a }`. */
export const KEYS: readonly unknown[] = [
  'a', 'b', 'ab', '', 'ü', '水', '\ud83d\ude00', '\0', 0, 1, -1, 1.5, 1e300, Infinity, 2 ** 53, 0n, 1n, -1n, 2n ** 80n, null, true, false, {}, { a: 1, b: 2 },
  { b: 2, a: 1 }, { a: { b: [1] } }, [], [1], ['1'], new Uint8Array(), new Uint8Array([255, 0]), new Int16Array([1]), new Date(0), new Date(1), new Set([1, 'x']),
  new Map<unknown, unknown>([[{ k: 1 }, 2], ['y', new Date(3)]]),
] // prettier-ignore

/** Maps and sets in any order. */
export function shown(view: unknown, kind?: string): string {
  const isOrdered = kind === undefined ? Array.isArray(view) : kind !== 'map' && kind !== 'set'
  if (typeof view !== 'object' || view === null || !(Symbol.iterator in view) || ArrayBuffer.isView(view)) return textOf(view)
  if (view instanceof Map || view instanceof Set) return textOf(view) // the value of a cell
  const all = [...(view as Iterable<unknown>)].map(textOf)
  return (isOrdered ? all : all.toSorted()).join('\n')
}

// Reads must say what the contents of the twin say.

export function checkMap(state: MapState<unknown, unknown>, contents: [unknown, unknown][]): void {
  const expected = new Map(contents.map(([k, v]) => [textOf(k), v]))
  expect(state.size).toBe(expected.size)
  for (const k of KEYS) {
    expect(textOf(state.get(k))).toBe(textOf(expected.get(textOf(k))))
    expect(state.has(k)).toBe(expected.has(textOf(k)))
  }
  expect(shown(state.entries())).toBe(shown(contents, 'map'))
  expect([...state.keys()].map(textOf)).toEqual([...state].map(([k]) => textOf(k)))
  expect([...state.values()].map(textOf)).toEqual([...state].map(([, v]) => textOf(v)))
}

export function checkSet(state: SetState<unknown>, contents: unknown[]): void {
  const expected = new Set(contents.map(textOf))
  expect(state.size).toBe(expected.size)
  for (const k of KEYS) expect(state.has(k)).toBe(expected.has(textOf(k)))
  expect(shown(state)).toBe(shown(contents, 'set'))
}

export function checkVec(state: VecState<unknown>, contents: unknown[]): void {
  expect([state.length, state.isEmpty]).toEqual([contents.length, contents.length === 0])
  expect([...state].map(textOf)).toEqual(contents.map(textOf))
  for (const i of [-3, -1, 0, 1, 5, contents.length, 0.5, NaN]) {
    expect(textOf(state.get(i))).toBe(textOf(Number.isInteger(i) && i >= 0 ? contents[i] : undefined))
    expect(textOf(state.at(i))).toBe(textOf(contents.at(i)))
    expect(state.slice(i, 4).map(textOf)).toEqual(contents.slice(i, 4).map(textOf))
    expect(state.slice(1, i).map(textOf)).toEqual(contents.slice(1, i).map(textOf))
  }
  expect([state.front(), state.back()].map(textOf)).toEqual([contents[0], contents.at(-1)].map(textOf))
  for (const v of [0, 'ü', { b: 2, a: 1 }, NaN]) {
    const first = contents.findIndex((other) => textOf(other) === textOf(v))
    expect([state.indexOf(v), state.includes(v)]).toEqual([first, first !== -1])
  }
}

export function checkSingle(state: CellState<unknown>, contents: unknown): void {
  expect(textOf(state.get())).toBe(textOf(contents))
  expect(state.isEmpty).toBe(contents === undefined)
}

export function checkQueue(state: PriorityQueueState<unknown, unknown, unknown>, contents: [unknown, string, unknown][]): void {
  expect(state.size).toBe(contents.length)
  expect([...state].map(textOf)).toEqual(contents.map(textOf))
  expect([...state.descending()].map(textOf)).toEqual(contents.toReversed().map(textOf))
  expect([state.min(), state.max()].map(textOf)).toEqual([contents[0], contents.at(-1)].map(textOf))
  for (const k of ['a', 'ü', 'x1', 'a\0']) {
    const entry = contents.find((other) => other[1] === k)
    expect([state.has(k), state.priorityOf(k), textOf(state.get(k))]).toEqual([entry !== undefined, entry?.[0], textOf(entry?.[2])])
  }
}
