/** Values to bytes and back. Both directions throw on what they cannot take; `encode` answers bytes that nobody changes afterwards. */
export interface Codec<T> {
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}

/** Standard Schema, version 1 (https://standardschema.dev), as zod, valibot and arktype implement it. Only the types: nothing to install. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/**
 * How a payload's type is given: a schema (then CBOR, checked on both sides) or a codec of one's own. What is sent is
 * the value given, and the reader gets what the schema makes of it, so validation must be idempotent.
 */
export type Datum<T> = StandardSchemaV1<unknown, T> | Codec<T>
