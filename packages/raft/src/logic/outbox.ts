import type { PeerId } from '@mosaik/core'
import type { Effect, HardState } from './effects.ts'
import type { Content, Envelope } from './messages.ts'
import type { Log } from './log.ts'
import type { Index } from './types.ts'

/** Who signs the messages, as it is at the moment. */
export interface Sender extends HardState {
  readonly options: { readonly me: { readonly incarnation: string } }
  readonly log: Log
}

/** What must be durable before a message may leave: all that has been written, the vote and term, or nothing. */
export type Needs = 'log' | 'vote' | 'nothing'

/** Collects what a step wants. One step makes at most one write. */
export class Outbox {
  #effects: Effect[] = []
  #write = 0
  #voteWrite = 0
  #dirtyFrom: Index | undefined
  #truncateFrom: Index | undefined
  #isHardStateDirty = false
  readonly #sender: () => Sender

  constructor(sender: () => Sender) {
    this.#sender = sender
  }

  /** The write that will have everything up to now. */
  get currentWrite(): number {
    return this.#isDirty ? this.#write + 1 : this.#write
  }

  get #isDirty(): boolean {
    return this.#isHardStateDirty || this.#dirtyFrom !== undefined || this.#truncateFrom !== undefined
  }

  /** An entry has been appended at `index`. */
  appended(index: Index): void {
    if (this.#dirtyFrom === undefined || index < this.#dirtyFrom) this.#dirtyFrom = index
  }

  truncated(index: Index): void {
    if (this.#truncateFrom === undefined || index < this.#truncateFrom) this.#truncateFrom = index
    if (this.#dirtyFrom !== undefined && this.#dirtyFrom > index) this.#dirtyFrom = index
  }

  /** Term, vote or lineage have changed. */
  hardStateChanged(): void {
    this.#isHardStateDirty = true
    this.#voteWrite = this.#write + 1
  }

  /** What was to be written no longer exists: a snapshot has replaced the log. */
  logReplaced(): void {
    this.#dirtyFrom = undefined
    this.#truncateFrom = undefined
  }

  /** Signs `content` itself, which is sent to nobody else: a copy would cost more than all the rest. */
  send(to: PeerId, content: Content, needs: Needs = 'vote'): void {
    const after = needs === 'log' ? this.currentWrite : needs === 'vote' ? this.#voteWrite : 0
    const { lineage, term, options } = this.#sender()
    const message = content as Content & { -readonly [K in keyof Envelope]: Envelope[K] }
    message.lineage = lineage?.id
    message.term = term
    message.incarnation = options.me.incarnation
    this.#effects.push({ type: 'send', to, after, message })
  }

  emit(effect: Effect): void {
    this.#effects.push(effect)
  }

  /** The effects of the step, its write first. */
  flush(): Effect[] {
    const effects = this.#effects
    this.#effects = []
    if (!this.#isDirty) return effects
    const { lineage, term, vote, commit, log } = this.#sender()
    const from = Math.max(this.#dirtyFrom ?? log.lastIndex + 1, log.first)
    this.#write++
    effects.unshift({
      type: 'persist',
      write: this.#write,
      truncateFrom: this.#truncateFrom,
      entries: log.slice(from, log.lastIndex),
      hardState: this.#isHardStateDirty ? { lineage, term, vote, commit } : undefined,
    })
    this.#dirtyFrom = undefined
    this.#truncateFrom = undefined
    this.#isHardStateDirty = false
    return effects
  }
}
