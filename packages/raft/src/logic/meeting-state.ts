import type { LineageFacts } from './lineage.ts'
import type { Meet } from './snapshot.ts'
import type { Index, LineageId } from './types.ts'

/** Lineages that are remembered at once. */
export const MAX_MET = 64

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

/** What a snapshot at `index` must remember. */
export function meetsUpTo({ meeting }: { readonly meeting: Meeting }, index: Index): Meet[] {
  const meets = [...meeting.own].map(([other, facts]) => ({ other, facts })).filter(({ facts }) => facts.entries <= index)
  return meets.sort((a, b) => (a.other < b.other ? -1 : 1))
}

/** Of a member that begins with a snapshot. */
export function meetingFrom(meets: readonly Meet[]): Meeting {
  return { ...noMeeting(), own: new Map(meets.map(({ other, facts }) => [other, facts])) }
}

export function noMeeting(): Meeting {
  return { own: new Map(), theirs: new Map(), lostSince: undefined, metAt: 0 }
}
