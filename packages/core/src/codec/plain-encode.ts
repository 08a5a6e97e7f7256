/** As in Node's own pool of small buffers: what is encoded lies behind each other in blocks of this size. */
const BLOCK_BYTES = 8192
/** A block with less room is left as it is. */
const SMALL_BYTES = 1024
const MAX_DEPTH = 64
/** Shorter texts are copied letter by letter: a call would cost more. */
const SHORT_TEXT = 12
const MAX_HEAD = 9

let block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
let view = new DataView(block.buffer)
let start = 0
let at = 0
let depth = 0
let encoding = false

/**
 * The CBOR of plain data: null, undefined, booleans, numbers, text, `Uint8Array`, arrays and plain objects, at most 64 deep.
 * Undefined for anything else, which the general encoder takes or refuses. Twice as fast as that one.
 */
export function encodePlain(value: unknown): Uint8Array | undefined {
  if (encoding) throw new Error('a getter of the value encodes another value')
  encoding = true
  if (BLOCK_BYTES - at < SMALL_BYTES) newBlock(BLOCK_BYTES)
  start = at
  depth = 0
  let isDone = false
  try {
    isDone = item(value)
    if (!isDone) return undefined
    // What outgrew its block is copied out, or it would keep more alive than itself.
    return block.length > BLOCK_BYTES ? new Uint8Array(block.subarray(start, at)) : new Uint8Array(block.buffer, start, at - start)
  } finally {
    encoding = false
    if (block.length > BLOCK_BYTES) newBlock(BLOCK_BYTES)
    else if (!isDone) at = start // also after what a getter has thrown
  }
}

function newBlock(bytes: number): void {
  block = Buffer.allocUnsafeSlow(bytes)
  view = new DataView(block.buffer)
  at = 0
}

/** Makes room for a head and so many bytes. */
function reserve(bytes: number): void {
  if (at + MAX_HEAD + bytes <= block.length) return
  const begun = block.subarray(start, at)
  newBlock(Math.max(BLOCK_BYTES, 2 * (begun.length + MAX_HEAD + bytes)))
  block.set(begun)
  start = 0
  at = begun.length
}

/** Like all below: false when it is not plain. Nothing is taken back. */
function item(value: unknown): boolean {
  reserve(0)
  switch (typeof value) {
    case 'string':
      return text(value)
    case 'number':
      return number(value)
    case 'boolean':
      return byte(value ? 0xf5 : 0xf4)
    case 'undefined':
      return byte(0xf7)
    case 'object':
      return value === null ? byte(0xf6) : container(value)
    default:
      return false
  }
}

function byte(value: number): true {
  block[at++] = value
  return true
}

function container(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Uint8Array.prototype || prototype === Buffer.prototype) return byteString(value as Uint8Array)
  if (depth === MAX_DEPTH) return false
  depth++
  const isDone =
    prototype === Object.prototype || prototype === null
      ? object(value as Readonly<Record<string, unknown>>)
      : prototype === Array.prototype && array(value as readonly unknown[])
  depth--
  return isDone
}

function array(items: readonly unknown[]): boolean {
  head(0x80, items.length)
  for (let i = 0; i < items.length; i++) if (!item(items[i])) return false
  return true
}

function object(fields: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(fields)
  head(0xa0, names.length)
  for (const name of names) {
    text(name)
    if (!item(fields[name])) return false
  }
  return true
}

function number(value: number): true {
  if (value >>> 0 === value) head(0, value)
  else if (value < 0 && value >= -0x1_0000_0000 && Number.isInteger(value)) head(0x20, -1 - value)
  else {
    block[at] = 0xfb
    view.setFloat64(at + 1, value)
    at += 9
  }
  return true
}

function text(value: string): true {
  const { length } = value
  reserve(3 * length)
  if (length >= SHORT_TEXT) return longText(value)
  const before = at
  block[at++] = 0x60 | length
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i)
    if (unit > 127) {
      at = before
      return longText(value)
    }
    block[at++] = unit
  }
  return true
}

/** The head is written when the length is known; its place is guessed. */
function longText(value: string): true {
  const guess = headBytes(value.length)
  const length = block.write(value, at + guess)
  const needed = headBytes(length)
  if (needed !== guess) block.copyWithin(at + needed, at + guess, at + guess + length)
  head(0x60, length)
  at += length
  return true
}

function byteString(value: Uint8Array): true {
  reserve(value.length)
  head(0x40, value.length)
  block.set(value, at)
  at += value.length
  return true
}

const headBytes = (argument: number): number => (argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : 5)

function head(major: number, argument: number): void {
  if (argument < 24) {
    block[at++] = major | argument
  } else if (argument < 0x100) {
    block[at++] = major | 24
    block[at++] = argument
  } else if (argument < 0x10000) {
    block[at++] = major | 25
    view.setUint16(at, argument)
    at += 2
  } else {
    block[at++] = major | 26
    view.setUint32(at, argument)
    at += 4
  }
}
