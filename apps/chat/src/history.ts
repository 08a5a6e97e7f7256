import { isMessage } from './definitions.ts'
import type { Message } from './definitions.ts'

/** Tells which messages are new, however often it is shown the same history. Remembers that, and the last `limit` messages in any case. */
export class Seen {
  readonly #ids = new Set<string>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  fresh(history: Iterable<Message>): readonly Message[] {
    const fresh: Message[] = []
    let shown = 0
    for (const message of history) {
      if (!isMessage(message)) continue
      shown++
      // Put back as the newest, so that nothing is forgotten that is shown again the next time.
      const isNew = !this.#ids.delete(message.id)
      this.#ids.add(message.id)
      if (isNew) fresh.push(message)
    }
    const kept = Math.max(this.#limit, shown)
    for (const id of this.#ids) {
      if (this.#ids.size <= kept) break
      this.#ids.delete(id)
    }
    return fresh
  }
}

/**
 * What of `mine` is to be said again in another history than that in which it was said: what is not in it, unless it may have been
 * there and made room for others.
 */
export function lostOf(mine: readonly Message[], history: readonly Message[], limit: number): readonly Message[] {
  const ids = new Set(history.filter(isMessage).map(({ id }) => id))
  const oldest = history.length < limit ? Number.NEGATIVE_INFINITY : (history.find(isMessage)?.at ?? 0)
  return mine.filter(({ id, at }) => !ids.has(id) && at >= oldest)
}
