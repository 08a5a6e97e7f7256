import { MosaikError } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { PeerId } from '@mosaik/node'
import { KEPT_MESSAGES } from './definitions.ts'
import type { Message, Messages } from './definitions.ts'
import { lostOf } from './history.ts'
import { mayFail } from './presence.ts'

const KEPT_OF_MINE = 100
const IN_FLIGHT = 32
const TRIES = 5
/** That many writes at once against `IN_FLIGHT` of each who writes: what 16 add without a pause is still taken away. */
const REMOVED_AT_A_TIME = 512

/** What this node says, and what it does for the history of all. */
export class Talk {
  readonly #messages: Messages
  readonly #author: { readonly from: PeerId; readonly name: string }
  readonly #clock: Clock
  readonly #life: number
  readonly #underWay = new Set<Promise<void>>()
  #said = 0
  #mine: readonly Message[] = []
  #lineage: string | undefined

  /** @param life tells this run of the peer from its others */
  constructor(messages: Messages, author: { readonly from: PeerId; readonly name: string }, clock: Clock, life: number) {
    this.#messages = messages
    this.#author = author
    this.#clock = clock
    this.#life = life
  }

  /** Says it after what was said before. Resolves at once, or when not too much is under way any more; `failed` hears why it has not arrived. */
  async say(text: string, failed: (error: Error) => void): Promise<void> {
    const id = `${this.#author.from}/${this.#life}/${this.#said++}`
    const sending = this.#push({ id, ...this.#author, text, at: this.#clock.now() }).catch(failed)
    const tracked = sending.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
    if (this.#underWay.size >= IN_FLIGHT) await Promise.race(this.#underWay)
  }

  /** Whether it was said here, in this life. */
  wasSaidHere({ id }: Message): boolean {
    return id.startsWith(`${this.#author.from}/${this.#life}/`)
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  /** Says again what was in a history that has lost; to be called again and again. A node that is alone has one of its own until it meets the others. */
  async sayAgain(): Promise<void> {
    const { lineage } = this.#messages.version
    if (!this.#messages.isOnline || lineage === this.#lineage) return
    const lost = lostOf(this.#mine, this.#messages.snapshot(), KEPT_MESSAGES)
    const said = await Promise.all(lost.map((message) => mayFail(this.#messages.pushBack(message))))
    // Otherwise what is still lost then is said the next time.
    if (!said.includes(false)) this.#lineage = lineage
  }

  /** Keeps the history bounded, however fast others write. Only one member does: who leads. */
  async trim(): Promise<void> {
    while (this.#messages.group.isLeader) {
      const excess = Math.min(this.#messages.length - KEPT_MESSAGES, REMOVED_AT_A_TIME)
      if (excess <= 0) return
      const removed = await Promise.all(Array.from({ length: excess }, () => mayFail(this.#messages.popFront())))
      if (removed.includes(false)) return
    }
  }

  async #push(message: Message): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#messages.pushBack(message)
        break
      } catch (error) {
        if (tries === TRIES || !MosaikError.is(error, 'ERR_SUPERSEDED')) throw error
      }
    }
    this.#mine = [...this.#mine, message].slice(-KEPT_OF_MINE)
  }
}
