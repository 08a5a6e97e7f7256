import type { CloseReason } from '@mosaik/core'
import { Retry } from '../logic/retry.ts'
import { GroupCloseReasons } from '../wire/protocol.ts'
import type { BondContext } from './context.ts'
import type { Party } from './party.ts'

/**
 * - `now`: it is being bonded with, or would be if there were a bond
 * - `later`: it was refused or has not answered, and is tried again after a pause
 * - `parked`: both observe; whoever becomes a member, or another one, sees to it
 */
interface Want {
  phase: 'now' | 'later' | 'parked'
  readonly retry: Retry
  cancel: () => void
}

/** The groups in which this node wants to be bonded with one peer, and when to try each again. */
export class Wants {
  readonly #context: BondContext
  readonly #onDue: (party: Party) => void
  readonly #delays: () => Iterator<number>
  readonly #wants = new Map<Party, Want>()

  constructor(context: BondContext, delays: () => Iterator<number>, onDue: (party: Party) => void) {
    this.#context = context
    this.#delays = delays
    this.#onDue = onDue
  }

  get size(): number {
    return this.#wants.size
  }

  /** What is to be tried now. */
  get due(): Party[] {
    return [...this.#wants].filter(([, { phase }]) => phase === 'now').map(([party]) => party)
  }

  get all(): Party[] {
    return [...this.#wants.keys()]
  }

  /** It is wanted. `news`: something may have changed the outcome. Answers whether to try it now. */
  add(party: Party, news: boolean): boolean {
    const want = this.#wants.get(party)
    if (want === undefined) {
      this.#wants.set(party, { phase: 'now', retry: new Retry(this.#delays), cancel: () => {} })
      return true
    }
    if (want.phase !== 'now' && news) {
      want.retry.reset()
      this.#now(want)
    }
    return want.phase === 'now'
  }

  delete(party: Party): void {
    this.#wants.get(party)?.cancel()
    this.#wants.delete(party)
  }

  /** It is up. */
  up(party: Party): void {
    const want = this.#wants.get(party)
    if (want !== undefined) this.#now(want)
  }

  /** Another attempt after a pause, unless `up` or `add` comes first. `upAt`: since when it had been up. */
  later(party: Party, reason: CloseReason | undefined, upAt: number | undefined): void {
    const want = this.#wants.get(party)
    if (want === undefined) return
    want.cancel()
    want.cancel = () => {}
    want.phase = reason?.code === GroupCloseReasons.BothObserve.code ? 'parked' : 'later'
    if (want.phase === 'parked') return
    const { clock } = this.#context
    want.cancel = clock.after(want.retry.failed(clock.monotonic(), upAt), () => {
      this.#now(want)
      this.#onDue(party)
    })
  }

  clear(): void {
    for (const party of this.all) this.delete(party)
  }

  #now(want: Want): void {
    want.cancel()
    want.cancel = () => {}
    want.phase = 'now'
  }
}
