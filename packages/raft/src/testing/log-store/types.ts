import type { LogStore } from '../../storage/types.ts'
import type { PlainLog } from './plain-log.ts'

/** Where the stores of one case live. Disposed of after the case when it can be. */
export interface LogStoreBuilder extends Partial<AsyncDisposable> {
  /** A store that has not been opened. Durable stores made with the same `place` find what was left there. */
  create(place: string): LogStore
  /**
   * Ends a store as a crash of the machine would: what was not acknowledged may be lost. Without it the cases of sudden
   * death are left out.
   */
  crash?(store: LogStore): void | Promise<void>
}

/** What a case works with. */
export interface LogRig {
  /** A store, opened, in a place of its own. The suite closes it. */
  open(): Promise<LogStore>
  /** A durable store, closed and opened again; another one is answered as it is. */
  reopen(store: LogStore): Promise<LogStore>
  /** The same after a crash. Only in cases that say `needs: 'crash'`. */
  crash(store: LogStore): Promise<LogStore>
  /** Asserts that the store shows what `plain` does, also after another `open`; answers the store to go on with. */
  check(store: LogStore, plain: PlainLog): Promise<LogStore>
  /** Another handle on the place of a store, not opened. */
  beside(store: LogStore): LogStore
}

export interface LogStoreCase {
  readonly name: string
  readonly needs?: 'crash' | 'durable'
  readonly run: (rig: LogRig) => Promise<void>
}
