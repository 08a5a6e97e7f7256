import type { LineageFacts } from './lineage.ts'
import type { LineageId } from './types.ts'

/** What is known of other lineages. */
export interface Meeting {
  /** What the own lineage said of itself where it committed that it met another: never changed. */
  readonly own: Map<LineageId, LineageFacts>
  /** What others said of themselves. */
  readonly theirs: Map<LineageId, LineageFacts>
  /** Since when this node has had neither a leader nor a majority. */
  lostSince: number | undefined
  metAt: number
}

export function noMeeting(): Meeting {
  return { own: new Map(), theirs: new Map(), lostSince: undefined, metAt: 0 }
}
