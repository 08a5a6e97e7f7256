import { MosaikError } from '@mosaik/core'
import type { SnapshotSource } from '../types.ts'
import { Chunker, hashOf } from '../wire/chunks.ts'
import type { ChunkStart } from '../wire/chunks.ts'
import { MAX_CHUNKS } from '../wire/snapshot-frames.ts'
import type { Turns } from './turns.ts'

export interface HeldStateInit {
  readonly sections: readonly SnapshotSource[]
  readonly maxItems: number
  readonly starts: readonly ChunkStart[]
  /** Of all chunks, one behind the other. */
  readonly hashes: Uint8Array
}

/** A state at a mark, in chunks under one root: it keeps where they begin, and makes them again from views when they are wanted. */
export class HeldState {
  /** The hash of the list of the hashes of the chunks, in hex. */
  readonly root: string
  /** 32 bytes for each chunk: with it every chunk can be verified under the root alone. */
  readonly hashes: Uint8Array
  readonly #init: HeldStateInit

  constructor(init: HeldStateInit) {
    this.#init = init
    this.hashes = init.hashes
    this.root = rootOf(init.hashes)
  }

  get count(): number {
    return this.#init.starts.length
  }

  /** From 0. */
  chunk(number: number): Uint8Array | undefined {
    const { sections, maxItems, starts } = this.#init
    const start = starts[number]
    return start === undefined ? undefined : new Chunker(sections, maxItems, start).next()?.bytes
  }

  /** All of them, each in a turn of its own. */
  async *chunks(turns: Turns): AsyncGenerator<Uint8Array, void, undefined> {
    const { sections, maxItems } = this.#init
    const chunker = new Chunker(sections, maxItems)
    for (;;) {
      await turns.next()
      const chunk = chunker.next()
      if (chunk === undefined) return
      yield chunk.bytes
    }
  }
}

export function rootOf(hashes: Uint8Array): string {
  return Buffer.from(hashOf(hashes)).toString('hex')
}

/** Hashes a state, each chunk in a turn of its own. Throws `ERR_GROUP_FAILED`, or what the signal aborts with. */
export async function holdState(
  sections: readonly SnapshotSource[],
  maxItems: number,
  { turns, signal }: { readonly turns: Turns; readonly signal: AbortSignal },
): Promise<HeldState> {
  const starts: ChunkStart[] = []
  const hashes: Uint8Array[] = []
  const chunker = new Chunker(sections, maxItems)
  for (;;) {
    await turns.next()
    signal.throwIfAborted()
    const chunk = chunker.next()
    if (chunk === undefined) return new HeldState({ sections, maxItems, starts, hashes: Buffer.concat(hashes) })
    if (starts.length === MAX_CHUNKS) throw tooLarge(maxItems)
    starts.push(chunk.start)
    hashes.push(hashOf(chunk.bytes))
  }
}

function tooLarge(maxItems: number): MosaikError {
  const why = `the state has more than ${MAX_CHUNKS} chunks of ${maxItems} items (sync.fetchBatchSize)`
  return new MosaikError('ERR_GROUP_FAILED', `${why}: too large for a snapshot`)
}
