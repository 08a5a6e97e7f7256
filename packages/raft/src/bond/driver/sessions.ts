import type { GroupId } from '@mosaik/core'
import { violation } from '../wire/frames.ts'
import type { Party } from './party.ts'
import type { Session } from './session.ts'

/** The groups being opened or up on one bond, by number and by group. */
export class Sessions {
  /** The newest number. */
  newest = 0
  readonly #byNumber = new Map<number, Session>()
  readonly #byGroup = new Map<GroupId, Session>()

  get size(): number {
    return this.#byNumber.size
  }
  get all(): Session[] {
    return [...this.#byNumber.values()]
  }
  get up(): Session[] {
    return this.all.filter(({ isUp }) => isUp)
  }

  /** Undefined for one that has ended; throws for one that never was. */
  at(n: number): Session | undefined {
    if (n === 0 || n > this.newest) throw violation(`a frame of group number ${n}, which was never opened`)
    return this.#byNumber.get(n)
  }

  /** Whoever has this group now. */
  ofGroup(groupId: GroupId): Session | undefined {
    return this.#byGroup.get(groupId)
  }

  of(party: Party): Session | undefined {
    const session = this.#byGroup.get(party.groupId)
    return session?.party === party ? session : undefined
  }

  /** It has not ended. */
  has(session: Session): boolean {
    return this.#byNumber.get(session.n) === session
  }

  add(session: Session): void {
    this.#byNumber.set(session.n, session)
    this.#byGroup.set(session.party.groupId, session)
  }

  remove({ n, party }: Session): void {
    this.#byNumber.delete(n)
    this.#byGroup.delete(party.groupId)
  }
}
