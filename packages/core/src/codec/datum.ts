import { MosaikError } from '../check/error.ts'
import { cbor } from './cbor.ts'
import type { Codec, Datum, StandardIssue, StandardSchemaV1 } from './codec.ts'

const SHOWN_ISSUES = 5

/**
 * The codec of a payload type. Without one: CBOR, unchecked. A codec: itself, with its errors made uniform. A schema: CBOR,
 * validated in both directions; `encode` sends the value given, `decode` answers what the schema makes of it.
 *
 * What does not fit throws `ERR_INVALID_DATUM`, with `error.datum` the value (or the bytes that are none). A schema that
 * answers with a Promise throws `ERR_INVALID_OPTION` at its first use; what is neither schema nor codec, at once.
 */
export function datumCodec<T>(datum?: Datum<T>): Codec<T> {
  if (datum === undefined) return cbor<T>()
  // arktype's types are functions: `'in'` and not `typeof` decides.
  if (isObject(datum) && '~standard' in datum) return schemaCodec(datum)
  if (isObject(datum) && isCodec(datum)) return guardedCodec(datum)
  throw new MosaikError(
    'ERR_INVALID_OPTION',
    'a datum type is a Standard Schema (zod, valibot, arktype …) or a codec with encode and decode',
  )
}

/**
 * What a schema makes of a value. Throws `ERR_INVALID_DATUM` with `error.datum` the value, and `ERR_INVALID_OPTION` when the schema
 * answers with a Promise.
 */
export function validateDatum<T>(schema: StandardSchemaV1<unknown, T>, value: unknown): T {
  return guard(value, () => {
    const result = schema['~standard'].validate(value)
    if ('then' in result) {
      Promise.resolve(result).catch(() => {}) // its answer comes too late to matter
      throw new MosaikError(
        'ERR_INVALID_OPTION',
        `the ${schema['~standard'].vendor} schema validates asynchronously; use one that answers at once`,
      )
    }
    if (result.issues !== undefined) {
      throw new MosaikError('ERR_INVALID_DATUM', `the value does not fit its schema: ${describe(result.issues)}`, { datum: value })
    }
    return result.value
  })
}

function schemaCodec<T>(schema: StandardSchemaV1<unknown, T>): Codec<T> {
  const bytes = cbor<unknown>()
  return {
    encode: (value) => (validateDatum(schema, value), bytes.encode(value)),
    decode: (received) => validateDatum(schema, bytes.decode(received)),
  }
}

function guardedCodec<T>(codec: Codec<T>): Codec<T> {
  return {
    encode: (value) => {
      const bytes = guard(value, () => codec.encode(value))
      if (bytes instanceof Uint8Array) return bytes
      throw new MosaikError('ERR_INVALID_DATUM', 'the codec did not answer a Uint8Array', { datum: value })
    },
    decode: (bytes) => guard(bytes, () => codec.decode(bytes)),
  }
}

/** Runs code of the user's; what it throws becomes the one error that callers know. */
function guard<R>(datum: unknown, run: () => R): R {
  try {
    return run()
  } catch (cause) {
    if (MosaikError.is(cause, 'ERR_INVALID_DATUM') || MosaikError.is(cause, 'ERR_INVALID_OPTION')) throw cause
    throw new MosaikError('ERR_INVALID_DATUM', `the value does not fit: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      datum,
    })
  }
}

function describe(issues: readonly StandardIssue[]): string {
  const shown = issues.slice(0, SHOWN_ISSUES).map(({ path, message }) => (path?.length ? `${pathText(path)}: ${message}` : message))
  const rest = issues.length - shown.length
  return shown.join('; ') + (rest > 0 ? `; and ${rest} more` : '')
}

function pathText(path: NonNullable<StandardIssue['path']>): string {
  return path
    .map((step) => (typeof step === 'object' ? step.key : step))
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`))
    .join('')
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function isCodec<T>(value: object): value is Codec<T> {
  const { encode, decode } = value as Partial<Codec<T>>
  return typeof encode === 'function' && typeof decode === 'function'
}
