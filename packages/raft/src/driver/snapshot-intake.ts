import type { SnapshotItem, SnapshotSource } from '../types.ts'
import { hashOf, Unchunker } from '../wire/chunks.ts'
import { HeldState, rootOf } from './held-state.ts'

/** Builds a whole state aside: sessions and machine. */
export interface StateReceiver {
  add(section: number, items: readonly SnapshotItem[]): void
  /** It is the state from now on; answers the view of it. */
  commit(): readonly SnapshotSource[]
}

/** Chunks on their way into a state that is built aside. */
export class Intake {
  readonly #receiver: StateReceiver
  readonly #maxItems: number
  readonly #unchunker = new Unchunker()
  readonly #hashes: Uint8Array[] = []

  constructor(receiver: StateReceiver, maxItems: number) {
    this.#receiver = receiver
    this.#maxItems = maxItems
  }

  /** How many chunks have come. */
  get count(): number {
    return this.#hashes.length
  }

  /** In their order. `hash` is known where it has been verified already. Throws `ERR_PROTOCOL` and `ERR_GROUP_FAILED`. */
  add(chunk: Uint8Array, hash: Uint8Array = hashOf(chunk)): void {
    const { section, items } = this.#unchunker.read(chunk)
    if (items.length > 0) this.#receiver.add(section, items)
    this.#hashes.push(hash)
  }

  /** Of what has come. */
  get root(): string {
    return rootOf(Buffer.concat(this.#hashes))
  }

  /** All chunks have come: they are the state from now on. */
  commit(): HeldState {
    this.#unchunker.end()
    const sections = this.#receiver.commit()
    return new HeldState({ sections, maxItems: this.#maxItems, starts: this.#unchunker.starts, hashes: Buffer.concat(this.#hashes) })
  }
}
