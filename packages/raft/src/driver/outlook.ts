import { createBroadcast, createWatch } from '@mosaik/core'
import type { Broadcast, Clock, PeerId, WatchSource } from '@mosaik/core'
import type { Role } from '../logic/effects.ts'
import type { Cursor, Index, LineageId } from '../logic/types.ts'
import type { Bond, GroupEvent, Member } from '../types.ts'
import type { Life } from './life.ts'
import { membersOf, sameMembers } from './members.ts'

const EVENTS_BACKLOG = 256

/** What a member shows of its group, to all handles on it. */
export class Outlook {
  readonly leader: WatchSource<PeerId | undefined> = createWatch<PeerId | undefined>(undefined)
  readonly role: WatchSource<Role> = createWatch<Role>('follower')
  readonly committed: WatchSource<Index> = createWatch(0)
  readonly position: WatchSource<Cursor> = createWatch<Cursor>({ term: 0, index: 0 })
  readonly members: WatchSource<readonly Member[]> = createWatch<readonly Member[]>([])
  readonly bonds: WatchSource<readonly Bond[]> = createWatch<readonly Bond[]>([])
  readonly events: Broadcast<GroupEvent> = createBroadcast<GroupEvent>({ backlog: EVENTS_BACKLOG })
  lineage: LineageId | undefined
  readonly #clock: Clock
  #ledUntil: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#ledUntil = clock.monotonic()
  }

  /** Since nobody leads, or since it began: ms. Means nothing while somebody does. */
  get leaderless(): number {
    return this.#clock.monotonic() - this.#ledUntil
  }

  led(leader: PeerId | undefined): void {
    if (this.leader.value !== undefined) this.#ledUntil = this.#clock.monotonic()
    this.leader.set(leader)
  }

  /** Members and bonds are derived: from the configuration, and from who is bonded. */
  look({ membership, core }: Life): void {
    const bonds = membership.bonds.value
    if (bonds !== this.bonds.value) this.bonds.set(bonds)
    const members = membersOf(core.state)
    if (sameMembers(members, this.members.value)) return
    this.members.set(members)
    this.events.publish({ type: 'membership', members })
  }

  /** Nothing changes any more. */
  close(error: Error): void {
    for (const watch of [this.leader, this.role, this.committed, this.position, this.members, this.bonds]) watch.close(error)
    this.events.close()
  }
}
