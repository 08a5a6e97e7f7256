import assert from 'node:assert/strict'
import { MosaikError } from '@mosaik/core'
import { seededPrng } from '@mosaik/core'
import type { Cursor } from '../../src/logic/types.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { assertSame, PlainLog } from '../../src/testing/log-store/plain-log.ts'

/** What a log was after each write. */
interface Moment {
  readonly plain: PlainLog
  readonly snapshot: Cursor | undefined
}

/** What was written to a store, and how much of it was acknowledged. */
export class History {
  readonly moments: Moment[] = [{ plain: new PlainLog(), snapshot: undefined }]
  /** Number of the last acknowledged moment. */
  acknowledged = 0
  failure: unknown

  get now(): Moment {
    return this.moments.at(-1) as Moment
  }

  /** Does something to the store and to a copy of the plain log. */
  record(change: (plain: PlainLog) => Promise<unknown>, snapshot: Cursor | undefined = this.now.snapshot): Promise<void> {
    const plain = this.now.plain.copy()
    const done = change(plain)
    const number = this.moments.push({ plain, snapshot }) - 1
    return done.then(
      () => void (this.acknowledged = Math.max(this.acknowledged, number)),
      (error: unknown) => void (this.failure ??= error),
    )
  }

  /** Goes on from what a store shows after it was opened again: what came later has never happened. */
  async goOn(store: LogStore): Promise<void> {
    this.moments.length = (await this.assertShownBy(store)) + 1
    this.acknowledged = this.moments.length - 1
    this.failure = undefined
  }

  /** Asserts that a store shows a moment, not earlier than the last acknowledged one; answers its number. */
  async assertShownBy(store: LogStore, from: number = this.acknowledged): Promise<number> {
    let mismatch: unknown
    for (let number = this.moments.length - 1; number >= from; number--) {
      const { plain, snapshot } = this.moments[number] as Moment
      try {
        await assertSame(store, plain)
        assert.deepEqual(store.snapshot?.at, snapshot)
        return number
      } catch (error) {
        mismatch = error
      }
    }
    throw mismatch
  }
}

/** A workload with everything in it; some calls overlap. It stops at the first failure. */
export async function work(store: LogStore, history: History, seed: string, { steps = 40, large = false } = {}): Promise<void> {
  const prng = seededPrng(seed)
  const below = (limit: number): number => Math.floor(prng.float() * limit)
  let under: Promise<unknown>[] = []
  for (let step = 1; step <= steps && history.failure === undefined; step++) {
    const { before, last } = history.now.plain
    const choice = below(12)
    if (choice === 0) {
      const upTo = before.index + below(last.index - before.index + 1)
      under.push(history.record((plain) => (plain.prune(upTo), store.prune(upTo))))
    } else if (choice === 1) {
      await Promise.all(under)
      const at = { term: step, index: step }
      const chunks = [prng.bytes(below(900)), prng.bytes(below(900))]
      const also = { hardState: prng.bytes(8) }
      under.push(history.record((plain) => (plain.write(also), store.saveSnapshot({ at, chunks }, also)), at))
      await Promise.all(under)
    } else {
      under.push(
        history.record((plain) => {
          const truncateFrom = before.index + 1 + below(last.index - before.index + 1)
          const change = { ...(choice < 4 && { truncateFrom }), ...(choice < 8 && { hardState: prng.bytes(below(40)) }) }
          plain.write(change)
          const entries = plain.next(below(5), step, large && below(30) === 0 ? 70_000 : below(400))
          plain.write({ entries })
          return store.write({ ...change, entries })
        }),
      )
    }
    if (prng.float() < 0.6) {
      await Promise.all(under)
      under = []
    }
  }
  await Promise.all(under)
}

export function isTyped(error: unknown): boolean {
  return MosaikError.is(error, 'ERR_STORAGE') || MosaikError.is(error, 'ERR_CLOSED')
}
