import { MosaikError } from '@mosaik/core'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const SMALLEST = 128
const WORD = 2 ** 32
/** Characters that could forge or hide lines where the text is printed. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** Writes one frame, part by part. With its `size` known, in one piece of memory. */
export class FrameWriter {
  // not cleared, and small ones from a shared pool: only what has been written is given away
  #memory: Buffer
  #end = 0

  constructor(kind: number, size: number = SMALLEST) {
    this.#memory = Buffer.allocUnsafe(size)
    this.u8(kind)
  }

  u8(value: number): this {
    this.#room(1)
    this.#memory[this.#end++] = value
    return this
  }

  flag(value: boolean): this {
    return this.u8(value ? 1 : 0)
  }

  u32(value: number): this {
    this.#room(4)
    const at = this.#end
    this.#memory[at] = value >>> 24
    this.#memory[at + 1] = value >>> 16
    this.#memory[at + 2] = value >>> 8
    this.#memory[at + 3] = value
    this.#end = at + 4
    return this
  }

  u64(value: bigint): this {
    return this.u32(Number(value >> 32n)).u32(Number(value & 0xffff_ffffn))
  }

  /** A safe integer that is not negative, in eight bytes. */
  count(value: number): this {
    return this.u32(Math.floor(value / WORD)).u32(value % WORD)
  }

  /** So many bytes that are given as hex digits. */
  hex(digits: string, length: number): this {
    this.#room(length)
    this.#memory.write(digits, this.#end, length, 'hex')
    this.#end += length
    return this
  }

  /** `length` as `Buffer.byteLength` says. */
  text(value: string, length: number): this {
    this.#room(length)
    this.#memory.write(value, this.#end, length)
    this.#end += length
    return this
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length)
    this.#memory.set(value, this.#end)
    this.#end += value.length
    return this
  }

  done(): Uint8Array {
    return this.#end === this.#memory.length ? this.#memory : this.#memory.subarray(0, this.#end)
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#memory.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#memory.length * 2, this.#end + bytes))
    larger.set(this.#memory.subarray(0, this.#end))
    this.#memory = larger
  }
}

/** Reads one frame, part by part, behind its kind. Every method throws `ERR_PROTOCOL` for what is not there. */
export class FrameReader {
  readonly #bytes: Uint8Array
  readonly #type: string
  #at = 1

  constructor(bytes: Uint8Array, type: string) {
    this.#bytes = bytes
    this.#type = type
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#bytes[this.#take(1)] as number
  }

  flag(): boolean {
    const value = this.u8()
    if (value > 1) throw this.#violation(`has the flag ${value}`)
    return value === 1
  }

  u32(): number {
    const at = this.#take(4)
    const bytes = this.#bytes
    const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
    return (bytes[at] as number) * 2 ** 24 + low
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32())
  }

  /** Eight bytes as a number, which is not exact above the safe integers. */
  count(): number {
    return this.u32() * WORD + this.u32()
  }

  /** Shares memory with the frame. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  /** What is left, which may be so much. Shares memory with the frame. */
  rest(max: number): Uint8Array {
    if (this.left > max) throw this.#violation(`has ${this.left} bytes at its end; ${max} are allowed`)
    return this.bytes(this.left)
  }

  text(length: number, max: number): string {
    if (length > max) throw this.#violation(`has a text of ${length} bytes; ${max} are allowed`)
    const bytes = this.bytes(length)
    try {
      return decoder.decode(bytes).replace(CONTROLS, ' ')
    } catch {
      throw this.#violation('has text that is not UTF-8')
    }
  }

  /** Whether the next `length` bytes are exactly these. */
  follows(expected: Uint8Array, length: number): boolean {
    if (length !== expected.length || length > this.left) return false
    for (let i = 0; i < length; i++) if (this.#bytes[this.#at + i] !== expected[i]) return false
    return true
  }

  end(): void {
    if (this.left > 0) throw this.#violation(`has ${this.left} bytes too many`)
  }

  #take(length: number): number {
    if (this.left < length) throw this.#violation(`of ${this.#bytes.length} bytes is too short`)
    const at = this.#at
    this.#at += length
    return at
  }

  #violation(what: string): MosaikError {
    return new MosaikError('ERR_PROTOCOL', `a ${this.#type} frame ${what}`)
  }
}
