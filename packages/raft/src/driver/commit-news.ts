import type { Clock, PeerId } from '@mosaik/core'
import type { SendEffect } from '../logic/effects.ts'

/**
 * What is committed, for followers that are told nothing else: held for two turns of the event loop. A caller that waited for the commit
 * gives its next command within them, and the append says it, too: half as many messages for one caller after another.
 */
export class CommitNews {
  readonly #clock: Clock
  readonly #send: (effect: SendEffect) => void
  #held = new Map<PeerId, SendEffect>()

  constructor(clock: Clock, send: (effect: SendEffect) => void) {
    this.#clock = clock
    this.#send = send
  }

  /** Whether it holds the message. To be asked of all: what else tells a follower about commits replaces what is held for it. */
  takes(effect: SendEffect): boolean {
    const { to, message } = effect
    if (message.type === 'append') this.#held.delete(to)
    if (message.type !== 'heartbeat') return false
    this.#held.delete(to)
    if (message.answer || !message.leading) return false
    if (this.#held.size === 0) this.#clock.turn(() => this.#clock.turn(() => this.#tell()))
    this.#held.set(to, effect)
    return true
  }

  clear(): void {
    this.#held.clear()
  }

  #tell(): void {
    const held = this.#held
    this.#held = new Map()
    for (const effect of held.values()) this.#send(effect)
  }
}
