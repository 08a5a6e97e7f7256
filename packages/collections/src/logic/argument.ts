import type { CanonicalValue } from '@mosaik/core'
import type { Element, ReportMisfit } from './element.ts'
import { invalid } from './invalid.ts'

/** One argument of a method, between the writer and what travels. Both directions throw `ERR_INVALID_DATUM`. */
export interface Argument<T> {
  readonly name: string
  accept(value: unknown): CanonicalValue
  receive(data: CanonicalValue): T
  /** As of elements. */
  readonly inspect: ((value: T, report: ReportMisfit) => void) | undefined
}

export function one<T>(name: string, element: Element<T>): Argument<T> {
  return { name, accept: element.accept, receive: element.receive, inspect: element.inspect }
}

/** Travels as a list of none or one. */
export function optional<T>(name: string, element: Element<T>): Argument<T | undefined> {
  const { inspect } = element
  return {
    name,
    accept: (value) => (value === undefined ? [] : [element.accept(value)]),
    receive: (data) => {
      const [value] = list(data, name, 0, 1)
      return value === undefined ? undefined : element.receive(value)
    },
    inspect: inspect && ((value, report) => value !== undefined && inspect(value, report)),
  }
}

export function many<T>(name: string, element: Element<T>): Argument<readonly T[]> {
  const { inspect } = element
  return {
    name,
    accept: (values) => Array.from(values as Iterable<unknown>, (value) => element.accept(value)),
    receive: (data) => list(data, name).map((value) => element.receive(value)),
    inspect: inspect && ((values, report) => values.forEach((value) => inspect(value, report))),
  }
}

/** Any number of tuples, each of one value of each element. */
export function tuples<T extends readonly unknown[]>(
  name: string,
  ...elements: { readonly [I in keyof T]: Element<T[I]> }
): Argument<readonly T[]> {
  const { length } = elements
  return {
    name,
    accept: (entries) =>
      Array.from(entries as Iterable<unknown>, (entry) => {
        if (!Array.isArray(entry) || entry.length !== length) throw invalid(`each of the ${name} is an array of ${length}`, entry)
        return elements.map((element, i) => element.accept(entry[i]))
      }),
    receive: (data) =>
      list(data, name).map((entry) => {
        const values = list(entry, name, length, length)
        return elements.map((element, i) => element.receive(values[i] as CanonicalValue)) as unknown as T
      }),
    inspect: elements.some(({ inspect }) => inspect !== undefined)
      ? (entries, report) => entries.forEach((entry) => elements.forEach(({ inspect }, i) => inspect?.(entry[i], report)))
      : undefined,
  }
}

/** A whole number, in range or not. */
export function integer(name: string): Argument<number> {
  const check = (value: unknown): number => {
    if (Number.isSafeInteger(value)) return value as number
    throw invalid(`${name} is a whole number`, value)
  }
  return { name, accept: check, receive: check, inspect: undefined }
}

export function list(data: CanonicalValue, name: string, min = 0, max: number = Number.POSITIVE_INFINITY): readonly CanonicalValue[] {
  if (Array.isArray(data) && data.length >= min && data.length <= max) return data as readonly CanonicalValue[]
  throw invalid(`what was sent as ${name} is no list${max === min ? ` of ${min}` : ''}`, data)
}
