import { END_BYTE, FRAME_HEAD, MAGIC, readHead, readItems, type FrameHead } from './frame.ts'

/** What a disk writes as one. */
const SECTOR_BYTES = 512

/** True when everything from `at` on is zero: room that was taken ahead. */
export function isBlank(bytes: Buffer, at: number): boolean {
  let i = at
  while (i < bytes.length && bytes[i] === 0) i++
  return i === bytes.length
}

/**
 * What made the frame at `at` unreadable. `torn`: a crash before all of it had reached the disk, so nobody was told
 * that it is durable. `corrupt`: it had been whole. A part that never reached the disk ends at the end of a sector, of the
 * frame or of the file, and reads as zeros; everything else that is wrong went wrong later.
 */
export function judge(bytes: Buffer, at: number, expected: number): { readonly torn: boolean; readonly detail: string } {
  const head = readHead(bytes, at)
  if (head !== undefined && head.sequence !== expected) {
    return { torn: false, detail: `frame ${head.sequence} stands where ${expected} belongs` }
  }
  const later = laterFrame(bytes, head === undefined ? at + 1 : head.end, expected)
  if (later !== undefined) return { torn: false, detail: `the frame is unreadable, and a readable one follows at ${later}` }
  const end = head?.end ?? at + FRAME_HEAD
  if (head === undefined && isBlank(bytes, end)) return { torn: true, detail: 'the file ends within the head of a frame' }
  if (end > bytes.length) return { torn: true, detail: 'the file ends within a frame' }
  if (head !== undefined && bytes[end - 1] === 0) return { torn: true, detail: 'the end of the frame is missing' }
  if (hasLostSector(bytes, at, end)) return { torn: true, detail: 'a part of the frame is missing' }
  return { torn: false, detail: head === undefined ? 'no frame can be read' : 'the frame does not match its checksums' }
}

/** Where a whole frame with a later number begins. */
function laterFrame(bytes: Buffer, from: number, expected: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at !== -1; at = bytes.indexOf(MAGIC, at + 1)) {
    const head = readHead(bytes, at)
    if (head !== undefined && head.sequence > expected && isWhole(bytes, at, head)) return at
  }
  return undefined
}

function isWhole(bytes: Buffer, at: number, head: FrameHead): boolean {
  return bytes[head.end - 1] === END_BYTE && readItems(bytes, at, head) !== undefined
}

function hasLostSector(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to;) {
    const end = Math.min(to, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES)
    let i = end - 1
    while (i >= at && bytes[i] === 0) i--
    if (i < at) return true
    at = end
  }
  return false
}
