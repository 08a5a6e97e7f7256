import { abortable } from '@mosaik/core'
import type { NewSnapshot } from './types.ts'

/** The chunks, until the signal aborts: who makes them may never go on. */
export async function* whileOpen(chunks: NewSnapshot['chunks'], signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  try {
    for (;;) {
      const next = await abortable(Promise.resolve(iterator.next()), signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    Promise.resolve(iterator.return?.()).catch(() => {}) // not waited for, either
  }
}
