import { MosaikError } from '@mosaik/core'
import { checkCursor, checkState } from './check-write.ts'
import { MAX_CHUNK_BYTES } from './limits.ts'
import { refuse } from './refusal.ts'
import type { NewSnapshot } from './types.ts'

export function checkNewSnapshot({ at, meta }: NewSnapshot): void {
  checkCursor('at', at)
  if (meta !== undefined) checkState('meta', meta)
}

export function checkChunk(chunk: Uint8Array, number: number): Uint8Array {
  if (!(chunk instanceof Uint8Array)) refuse(`chunk ${number} is not a Uint8Array`)
  if (chunk.length <= MAX_CHUNK_BYTES) return chunk
  throw new MosaikError('ERR_TOO_LARGE', `chunk ${number} has ${chunk.length} bytes; the limit is ${MAX_CHUNK_BYTES}`)
}
