import { MosaikError } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { PeerId } from '@mosaik/node'
import { sleep } from '@mosaik/core'
import { Absences } from './absences.ts'
import type { People } from './definitions.ts'

/** Since the last bond with somebody. */
export const GONE_AFTER_MS = 3_000
const TRY_AGAIN_MS = 500

/** Keeps this node in the list until `signal` aborts, also when others thought that it was gone, or its history has lost. */
export async function stayListed(people: People, me: PeerId, name: string, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    if (people.get(me) === name) await people.when.updated({ signal })
    else if (!(await mayFail(people.insert(me, name, { signal })))) await sleep(clock, TRY_AGAIN_MS, { signal })
  }
}

/** Takes those off the list who have gone without a word. Only one member does: who leads, and therefore hears of all. */
export class Caretaker {
  readonly #absences = new Absences()
  readonly #people: People
  readonly #me: PeerId
  readonly #clock: Clock

  constructor(people: People, me: PeerId, clock: Clock) {
    this.#people = people
    this.#me = me
    this.#clock = clock
  }

  async look(signal: AbortSignal): Promise<void> {
    const bonded = new Set<PeerId>([this.#me, ...this.#people.group.bonds.value.map(({ peerId }) => peerId)])
    const gone = this.#absences.gone(this.#people.keys(), (peer) => bonded.has(peer), this.#clock.monotonic(), GONE_AFTER_MS)
    if (gone.length > 0 && this.#people.group.isLeader) await mayFail(this.#people.removeMany(gone, { signal }))
  }
}

/** False when a write has failed in a way that another try may mend; any other failure is thrown. */
export async function mayFail(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (['ERR_OFFLINE', 'ERR_UNKNOWN', 'ERR_SUPERSEDED'].some((code) => MosaikError.is(error, code as 'ERR_OFFLINE'))) return false
    throw error
  }
}
