const START_BYTES = 512
/** A larger buffer is not kept for the next value. */
const MAX_KEPT_BYTES = 64 * 1024
const SHORT_TEXT = 24
const UINT32_RANGE = 2 ** 32

/** A growing buffer that knows CBOR's heads. */
export class ByteWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(START_BYTES)
  #view: DataView = new DataView(this.#buffer.buffer)
  /** The same bytes: unlike that of a buffer, a slice of it is a copy. */
  #bytes: Uint8Array = new Uint8Array(this.#buffer.buffer)
  #length = 0

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  reset(): void {
    this.#length = 0
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#replace(START_BYTES)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  /** A major type and its argument (0 to 2⁵³ − 1) in the fewest bytes. */
  head(major: number, argument: number): void {
    this.#reserve(9)
    const initial = major << 5
    if (argument < 24) {
      this.#buffer[this.#length++] = initial | argument
    } else if (argument < 0x100) {
      this.#buffer[this.#length++] = initial | 24
      this.#buffer[this.#length++] = argument
    } else if (argument < 0x10000) {
      this.#buffer[this.#length] = initial | 25
      this.#view.setUint16(this.#length + 1, argument)
      this.#length += 3
    } else if (argument < 0x1_0000_0000) {
      this.#buffer[this.#length] = initial | 26
      this.#view.setUint32(this.#length + 1, argument)
      this.#length += 5
    } else {
      this.#buffer[this.#length] = initial | 27
      this.#view.setUint32(this.#length + 1, Math.floor(argument / UINT32_RANGE))
      this.#view.setUint32(this.#length + 5, argument % UINT32_RANGE)
      this.#length += 9
    }
  }

  /** A head with an argument of 64 bits. */
  head64(major: number, argument: bigint): void {
    this.#reserve(9)
    this.#buffer[this.#length] = (major << 5) | 27
    this.#view.setBigUint64(this.#length + 1, argument)
    this.#length += 9
  }

  /** A text with its head. */
  text(value: string): void {
    if (value.length < SHORT_TEXT && this.#shortText(value)) return
    const length = Buffer.byteLength(value)
    this.head(3, length)
    this.#reserve(length)
    this.#length += this.#buffer.write(value, this.#length)
  }

  /** A float in the fewest bytes that keep its value; one NaN for all. */
  float(value: number): void {
    this.#reserve(9)
    const at = this.#length
    if (Number.isNaN(value)) {
      this.#buffer[at] = 0xf9
      this.#view.setUint16(at + 1, 0x7e00)
      this.#length += 3
    } else if (Math.f16round(value) === value) {
      this.#buffer[at] = 0xf9
      this.#view.setFloat16(at + 1, value)
      this.#length += 3
    } else if (Math.fround(value) === value) {
      this.#buffer[at] = 0xfa
      this.#view.setFloat32(at + 1, value)
      this.#length += 5
    } else {
      this.#buffer[at] = 0xfb
      this.#view.setFloat64(at + 1, value)
      this.#length += 9
    }
  }

  /** Most keys and many values are a few ASCII characters: written in place. False, with nothing written, for others. */
  #shortText(value: string): boolean {
    this.#reserve(1 + value.length)
    const start = this.#length + 1
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      if (unit >= 0x80) return false
      this.#buffer[start + i] = unit
    }
    this.#buffer[this.#length] = 0x60 | value.length
    this.#length = start + value.length
    return true
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#buffer.length) return
    const written = this.#buffer.subarray(0, this.#length)
    this.#replace(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.set(written)
  }

  #replace(size: number): void {
    this.#buffer = Buffer.allocUnsafeSlow(size)
    this.#view = new DataView(this.#buffer.buffer)
    this.#bytes = new Uint8Array(this.#buffer.buffer)
  }
}
