import type { MeetData, YieldData } from './entry.ts'
import type { Peer } from './peer.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** What is known of other lineages. */
export interface Meeting {
  other: string | undefined
}

/** Nothing behind a yield commits. */
export function yieldIndexOf(s: State): Index {
  return s.log.yieldIndex ?? Infinity
}

export function afterMeet(_s: State, _index: Index, _data: MeetData): void {}

export function afterYield(_s: State, _data: YieldData): void {}

export function onForeignHello(_s: State, _peer: Peer): void {}
