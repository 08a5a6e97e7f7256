import type { DiskFile } from '@mosaik/core'
import { MAX_CHUNK_BYTES } from './limits.ts'
import { RECORD_HEAD, readRecord, type RawRecord } from './record.ts'
import { corrupt } from './refusal.ts'

const READ_BYTES = 2 ** 20

/** Reads the records of a snapshot one after the other, in large steps. */
export class SnapshotReader {
  /** Where the next record begins. */
  offset = 0
  readonly size: number
  readonly #path: string
  readonly #file: DiskFile
  #block: Buffer = Buffer.alloc(0)
  #blockAt = 0

  constructor(path: string, file: DiskFile, size: number) {
    this.#path = path
    this.#file = file
    this.size = size
  }

  async next(): Promise<RawRecord> {
    const head = await this.#bytes(RECORD_HEAD)
    const length = head.readUInt32BE(0)
    if (length > MAX_CHUNK_BYTES) throw corrupt(this.#path, this.offset, `a record of ${length} bytes`)
    const record = readRecord(await this.#bytes(RECORD_HEAD + length), 0)
    if (record === undefined) throw corrupt(this.#path, this.offset, 'a record does not match its checksum')
    this.offset += RECORD_HEAD + length
    return record
  }

  async #bytes(length: number): Promise<Buffer> {
    if (this.offset + length > this.size) throw corrupt(this.#path, this.offset, 'the file ends within a record')
    if (this.offset + length > this.#blockAt + this.#block.length) {
      const bytes = await this.#file.read(this.offset, Math.min(Math.max(length, READ_BYTES), this.size - this.offset))
      if (bytes.length < length) throw corrupt(this.#path, this.offset, 'the file ends within a record')
      this.#block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      this.#blockAt = this.offset
    }
    const at = this.offset - this.#blockAt
    return this.#block.subarray(at, at + length)
  }
}
