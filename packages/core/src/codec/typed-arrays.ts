/** Numbers in a row that are not bytes. */
export type TypedArray =
  | Int8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

interface Form {
  readonly make: { readonly name: string; new (buffer: ArrayBuffer): TypedArray }
  readonly size: number
}

/** By their tags, RFC 8746: those of little-endian numbers. */
const FORMS: ReadonlyMap<number, Form> = new Map<number, Form>([
  [68, { make: Uint8ClampedArray, size: 1 }],
  [69, { make: Uint16Array, size: 2 }],
  [70, { make: Uint32Array, size: 4 }],
  [71, { make: BigUint64Array, size: 8 }],
  [72, { make: Int8Array, size: 1 }],
  [77, { make: Int16Array, size: 2 }],
  [78, { make: Int32Array, size: 4 }],
  [79, { make: BigInt64Array, size: 8 }],
  [85, { make: Float32Array, size: 4 }],
  [86, { make: Float64Array, size: 8 }],
])
const TAGS: ReadonlyMap<string, number> = new Map(Array.from(FORMS, ([tag, { make }]) => [make.name, tag]))
const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Undefined for what is none of them. */
export function typedArrayTag(value: object): number | undefined {
  if (!ArrayBuffer.isView(value)) return undefined
  return TAGS.get((value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '')
}

/** The numbers, little end first, whatever this machine's own order is. */
export function typedArrayBytes(value: TypedArray): Uint8Array {
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return IS_LITTLE ? bytes : swapped(bytes, value.BYTES_PER_ELEMENT)
}

/** Undefined for another tag, and for bytes that are no whole number of elements. */
export function typedArrayOf(tag: number, bytes: Uint8Array): TypedArray | undefined {
  const form = FORMS.get(tag)
  if (form === undefined || bytes.length % form.size !== 0) return undefined
  const own = IS_LITTLE ? new Uint8Array(bytes) : swapped(bytes, form.size) // a slice of a Buffer would be no copy
  return new form.make(own.buffer as ArrayBuffer)
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const other = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) other[i] = bytes[i - (i % size) + size - 1 - (i % size)] as number
  return other
}
