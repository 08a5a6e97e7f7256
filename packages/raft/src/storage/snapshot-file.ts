import { canonical, decodeCanonical, type Disk, type DiskFile } from '@mosaik/core'
import { checkChunk } from './check-snapshot.ts'
import { whileOpen } from './chunks.ts'
import { encodeRecord, RECORD_HEAD, readRecord, TAG, type RawRecord } from './record.ts'
import { corrupt, reasonOf, storageError } from './refusal.ts'
import { SnapshotReader } from './snapshot-reader.ts'
import type { NewSnapshot, SnapshotMark } from './types.ts'

export const TEMPORARY = '.tmp'
const FORMAT = 1
const WRITE_BYTES = 2 ** 20

/** A snapshot on disk that has been verified: a head, chunks, an end that counts them; all of them records. */
export interface SnapshotFile {
  readonly number: number
  readonly path: string
  readonly file: DiskFile
  readonly mark: SnapshotMark
  /** Where the record of each chunk begins, and where the last one ends. */
  readonly offsets: readonly number[]
}

export function snapshotName(number: number): string {
  return `snapshot-${String(number).padStart(10, '0')}.snap`
}

interface Work {
  readonly snapshot: NewSnapshot
  /** Stops waiting for chunks. */
  readonly signal: AbortSignal
}

/** Writes a snapshot. Its name is durable when it resolves; nothing is left when it rejects, as far as the disk allows. */
export async function writeSnapshot(disk: Disk, directory: string, number: number, work: Work): Promise<SnapshotFile> {
  const path = `${directory}/${snapshotName(number)}`
  const temporary = path + TEMPORARY
  const file = await disk.open(temporary, 'create').catch(failed)
  try {
    const written = await writeRecords(file, work)
    await file.datasync().catch(failed)
    work.signal.throwIfAborted()
    await disk.rename(temporary, path).catch(failed)
    await disk.syncDirectory(directory).catch(failed)
    return { number, path, file, ...written }
  } catch (error) {
    await file.close().catch(() => {})
    await disk.remove(temporary).catch(() => {}) // else the next `open` removes it
    throw error
  }
}

async function writeRecords(
  file: DiskFile,
  { snapshot: { at, meta = new Uint8Array(), chunks }, signal }: Work,
): Promise<Pick<SnapshotFile, 'mark' | 'offsets'>> {
  const head = encodeRecord(TAG.snapshotHead, canonical({ format: FORMAT, index: at.index, term: at.term, meta }))
  let [waiting, waitingBytes, written, bytes] = [[head], head.length, 0, 0]
  const offsets = [head.length]
  const flush = async (): Promise<void> => {
    const block = Buffer.concat(waiting, waitingBytes)
    await file.write(written, block).catch(failed)
    written += block.length
    ;[waiting, waitingBytes] = [[], 0]
  }
  for await (const chunk of whileOpen(chunks, signal)) {
    const record = encodeRecord(TAG.chunk, checkChunk(chunk, offsets.length - 1))
    waiting.push(record)
    waitingBytes += record.length
    bytes += chunk.length
    offsets.push((offsets.at(-1) as number) + record.length)
    if (waitingBytes >= WRITE_BYTES) await flush()
  }
  const count = offsets.length - 1
  const end = encodeRecord(TAG.snapshotEnd, canonical([count, bytes]))
  waiting.push(end)
  waitingBytes += end.length
  await flush()
  return { mark: { at: { ...at }, meta, chunks: count, bytes }, offsets }
}

/** Reads a snapshot whole, to know that it is right. */
export async function openSnapshot(disk: Disk, directory: string, number: number): Promise<SnapshotFile> {
  const path = `${directory}/${snapshotName(number)}`
  const file = await disk.open(path, 'read').catch((cause: unknown) => {
    throw storageError(`${path}, the snapshot that the log builds on, cannot be opened`, cause)
  })
  try {
    return { number, path, file, ...(await verify(path, file)) }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function verify(path: string, file: DiskFile): Promise<Pick<SnapshotFile, 'mark' | 'offsets'>> {
  const reader = new SnapshotReader(path, file, await file.size())
  const head = headOf(path, await reader.next())
  const offsets = [reader.offset]
  let bytes = 0
  for (;;) {
    const at = reader.offset
    const { tag, body } = await reader.next()
    if (tag === TAG.chunk) {
      bytes += body.length
      offsets.push(reader.offset)
      continue
    }
    const count = offsets.length - 1
    const isEnd = tag === TAG.snapshotEnd && Buffer.compare(body, canonical([count, bytes])) === 0
    if (!isEnd || reader.offset !== reader.size) throw corrupt(path, at, 'the end of the snapshot does not match what is before it')
    return { mark: { ...head, chunks: count, bytes }, offsets }
  }
}

function headOf(path: string, { tag, body }: RawRecord): Pick<SnapshotMark, 'at' | 'meta'> {
  const { format, index, term, meta } =
    tag === TAG.snapshotHead ? (decodeCanonical(body) as unknown as { format: number; index: number; term: number; meta: Uint8Array }) : {}
  if (format !== FORMAT) throw corrupt(path, 0, 'no snapshot begins here')
  return { at: { index: index as number, term: term as number }, meta: meta as Uint8Array }
}

/** One chunk of a verified snapshot, verified again. */
export async function readChunk({ path, file, offsets }: SnapshotFile, number: number): Promise<Uint8Array> {
  const [from, to] = [offsets[number] as number, offsets[number + 1] as number]
  const bytes = await file.read(from, to - from)
  const record = readRecord(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0)
  if (record?.tag !== TAG.chunk || record.body.length !== to - from - RECORD_HEAD)
    throw corrupt(path, from, `chunk ${number} is unreadable`)
  return record.body
}

function failed(cause: unknown): never {
  throw storageError(`a snapshot could not be written: ${reasonOf(cause)}`, cause)
}
