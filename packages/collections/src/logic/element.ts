import { canonical, decodeCanonical, MosaikError, validateDatum } from '@mosaik/core'
import type { CanonicalValue, Codec, Datum, StandardSchemaV1 } from '@mosaik/core'
import { invalid, reasonOf } from './invalid.ts'
import { priorityText } from './order.ts'

/** What a value is in its collection; elements are values, too. */
export type Part = 'key' | 'value' | 'priority'

/** Is told of each value that came and that the schema of this member does not take, and why. */
export type ReportMisfit = (part: Part, reason: string) => void

/**
 * The type of keys, values, elements or priorities, between what the user holds and the plain data that travels and is compared. A
 * replica holds what it got, whether its own schema takes it or not: so two members with other schemas hold the same.
 */
export interface Element<T> {
  /** For what the user gives: checked. Throws `ERR_INVALID_DATUM`. */
  accept(value: unknown): CanonicalValue
  /** For what others have sent. No schema is asked: members with the same codecs refuse the same. Throws `ERR_INVALID_DATUM`. */
  receive(data: CanonicalValue): T
  /** Asks the schema about what has been received. Undefined where there is none. Does not throw. */
  readonly inspect: ((value: T, report: ReportMisfit) => void) | undefined
  /** For what has been received before: not checked again. */
  dataOf(value: T): CanonicalValue
  valueOf(data: CanonicalValue): T
}

/** Throws `ERR_INVALID_OPTION` for what is neither schema nor codec. */
export function elementOf<T>(datum: Datum<T> | undefined, part: Part = 'value'): Element<T> {
  if (datum === undefined) return unchecked as Element<T>
  if ('~standard' in datum) return ofSchema(datum, part)
  if (typeof datum.encode === 'function' && typeof datum.decode === 'function') return ofCodec(datum)
  throw new MosaikError(
    'ERR_INVALID_OPTION',
    'an element type is a Standard Schema (zod, valibot, arktype …) or a codec with encode and decode',
  )
}

const plain = {
  dataOf: (value: unknown): CanonicalValue => value as CanonicalValue,
  valueOf: (data: CanonicalValue): unknown => data,
}

/** Whether it is data at all shows when it is encoded. */
const unchecked: Element<unknown> = {
  accept: (value) => present(value, value) as CanonicalValue,
  receive: (data) => data,
  inspect: undefined,
  ...plain,
}

function ofSchema<T>(schema: StandardSchemaV1<unknown, T>, part: Part): Element<T> {
  return {
    accept: (value) => {
      const made = present(validateDatum(schema, value), value)
      if (made !== value) validateMade(schema, made, value)
      return made as CanonicalValue
    },
    receive: (data) => data as T,
    inspect: (value, report) => {
      try {
        validateDatum(schema, value)
      } catch (cause) {
        report(part, reasonOf(cause))
      }
    },
    ...(plain as Pick<Element<T>, 'dataOf' | 'valueOf'>),
  }
}

/** What is sent must fit itself: every member with this schema asks it about that. */
function validateMade<T>(schema: StandardSchemaV1<unknown, T>, made: T, value: unknown): void {
  try {
    validateDatum(schema, made)
  } catch (cause) {
    throw new MosaikError('ERR_INVALID_DATUM', `the schema does not take what it makes of the value itself: ${reasonOf(cause)}`, {
      cause,
      datum: value,
    })
  }
}

/** Its bytes stand for the value, so that equal values must have equal bytes, and the same ones again after a way there and back. */
function ofCodec<T>(codec: Codec<T>): Element<T> {
  const receive = (data: CanonicalValue): T => {
    if (!(data instanceof Uint8Array)) throw invalid('what was sent is not of the codec of this collection', data)
    const { value, again } = readWith(codec, data)
    if (!isSame(again, data)) throw invalid('its codec does not write the bytes that it has read', data)
    return value
  }
  return {
    accept: (value) => {
      const data = guarded(present(value, value), () => codec.encode(value as T))
      if (!(data instanceof Uint8Array)) throw invalid('the codec did not answer a Uint8Array', value)
      receive(data)
      return data
    },
    receive,
    inspect: undefined,
    dataOf: (value) => codec.encode(value),
    valueOf: (data) => codec.decode(data as Uint8Array),
  }
}

/** In words that are the same on every member, whatever the codec throws: they are part of a reply. */
function readWith<T>(codec: Codec<T>, data: Uint8Array): { readonly value: T; readonly again: Uint8Array } {
  try {
    const value = codec.decode(data)
    return { value, again: codec.encode(value) }
  } catch (cause) {
    throw new MosaikError('ERR_INVALID_DATUM', 'the codec of this collection does not read it', { cause, datum: data })
  }
}

/** Runs code of the user's; what it throws becomes the one error that callers know. */
function guarded<R>(datum: unknown, run: () => R): R {
  try {
    return run()
  } catch (cause) {
    throw new MosaikError('ERR_INVALID_DATUM', `the value does not fit: ${reasonOf(cause)}`, { cause, datum })
  }
}

function present<T>(value: T, datum: unknown): T {
  if (value === undefined) throw invalid('undefined means that there is no value, so it is none', datum)
  return value
}

/** Whether two values of a type are equal by value. False for what is no value of it. */
export function sameElement<T>(element: Element<T>, a: T, b: T): boolean {
  return a === b || sameAs(element, a)(b)
}

/** Tells whether values are equal to this one, which is looked at once. */
export function sameAs<T>({ dataOf }: Element<T>, value: T): (other: T) => boolean {
  try {
    const wanted = dataOf(value)
    if (typeof wanted !== 'object' || wanted === null) return (other) => sameScalar(dataOf(other), wanted)
    const bytes = canonical(wanted)
    return (other) => {
      const data = dataOf(other)
      return typeof data === 'object' && data !== null && isSame(canonical(data), bytes)
    }
  } catch {
    return () => false
  }
}

/** -0 is 0, and NaN is itself. */
function sameScalar(a: CanonicalValue, b: CanonicalValue): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

export function encodeElement<T>(element: Element<T>, value: T): Uint8Array {
  return canonical(element.dataOf(value))
}

/** Of an item. Throws `ERR_INVALID_DATUM`. */
export function receiveElement<T>(element: Element<T>, data: CanonicalValue, report: ReportMisfit): T {
  const value = element.receive(data)
  element.inspect?.(value, report)
  return value
}

/** Of an item. Throws `ERR_INVALID_DATUM` and `ERR_PROTOCOL`. */
export function decodeElement<T>(element: Element<T>, bytes: Uint8Array, report: ReportMisfit): T {
  return receiveElement(element, decodeCanonical(bytes), report)
}

/** Of keys, and of the elements of sets: also refuses NaN. */
export function keyElementOf<K>(datum: Datum<K> | undefined, part: Part = 'key'): Element<K> {
  const element = elementOf(datum, part)
  const ordered = (data: CanonicalValue): CanonicalValue => {
    if (Number.isNaN(data)) throw invalid('NaN is equal to nothing, so it is no key', data)
    return data
  }
  return { ...element, accept: (value) => ordered(element.accept(value)), receive: (data) => element.receive(ordered(data)) }
}

/** Of priorities: refuses what has no order. */
export function priorityElementOf<P>(datum: Datum<P> | undefined): Element<P> {
  const element = elementOf(datum, 'priority')
  return {
    ...element,
    accept: (value) => {
      const data = element.accept(value)
      priorityText(element.valueOf(data))
      return data
    },
    receive: (data) => {
      const value = element.receive(data)
      priorityText(value)
      return value
    },
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
