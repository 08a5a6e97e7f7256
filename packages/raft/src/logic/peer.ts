import type { HelloContent } from './messages.ts'
import type { Window } from './in-flight.ts'
import { Progress } from './progress.ts'
import type { LineageId, MemberId, Term } from './types.ts'

/** What a hello said, and under which lineage. */
export interface Introduction extends HelloContent {
  readonly lineage: LineageId | undefined
  readonly term: Term
}

/** A member with whom there is a bond. A new bond makes a new peer. */
export class Peer {
  readonly id: MemberId
  /** When it last said something of the own lineage. */
  heardAt: number
  introduction: Introduction | undefined
  /** While this node leads. */
  progress: Progress | undefined
  /** The highest read round it has confirmed in this leadership. */
  readRound = 0
  /** It goes by the bond now, instead of heartbeats. */
  isIdle = false
  /** It wants to be removed from the voters. */
  isLeaving = false
  /** When a snapshot was last offered to it. */
  offeredAt: number = -Infinity

  constructor(id: MemberId, now: number) {
    this.id = id
    this.heardAt = now
  }

  /** Begin to feed it: with an empty window, from `next` on. */
  feed(next: number, window: Window): void {
    this.progress = new Progress(next, window)
    this.readRound = 0
    this.offeredAt = -Infinity
  }
}
