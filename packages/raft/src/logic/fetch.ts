import type { PeerId } from '@mosaik/core'
import { appendEntry } from './append.ts'
import { cut, hasUpTo, requestSnapshot } from './follower.ts'
import { commitTo } from './commit.ts'
import type { FetchContent, FetchedContent } from './messages.ts'
import type { Peer } from './peer.ts'
import { setTerm } from './role.ts'
import type { State } from './state.ts'
import type { SnapshotMeta } from './snapshot.ts'
import type { Cursor } from './types.ts'

// While a lineage has no leader and no majority, who wants to go on with it takes the most advanced log of the survivors.
// Entries of term T came from the leader of T, so taking them from whoever has them is as if that leader's frames came late.

/** Begins to take over what this survivor has. */
export function fetchFrom(s: State, peerId: PeerId): void {
  ask(s, peerId, s.log.last)
}

function ask(s: State, peerId: PeerId, previous: Cursor): void {
  s.recovery.fetching = { peerId, previous, at: s.now }
  s.out.send(peerId, { type: 'fetch', previous })
}

export function abandonFetch(s: State): void {
  s.recovery.fetching = undefined
}

export function onFetch(s: State, peer: Peer, { previous }: FetchContent): void {
  const { log, snapshot } = s
  const { peerId } = peer.id
  if (previous.index < log.base.index) {
    if (snapshot !== undefined) s.out.send(peerId, { type: 'snapshot-offer', snapshot })
    return
  }
  if (log.termAt(previous.index) !== previous.term) {
    return s.out.send(peerId, { type: 'fetched', previous: log.candidateFor(previous.index, previous.term), entries: [] })
  }
  const from = previous.index + 1
  const { frameEntries, frameBytes } = s.options.limits
  const entries = from > log.lastIndex ? [] : log.slice(from, log.frameEnd(from, frameEntries, frameBytes))
  s.out.send(peerId, { type: 'fetched', previous, entries }, 'log')
}

export function onFetched(s: State, peer: Peer, m: FetchedContent): void {
  const { recovery, log } = s
  const { peerId } = peer.id
  if (recovery.fetching?.peerId !== peerId || s.leader !== undefined) return
  if (m.entries.length === 0) {
    const { previous } = recovery.fetching
    if (m.previous.index === previous.index && m.previous.term === previous.term) return abandonFetch(s)
    const common = log.candidateFor(m.previous.index, m.previous.term)
    if (common.index >= s.commit && common.index < previous.index) return ask(s, peerId, common)
    recovery.contradicted.add(peerId)
    return abandonFetch(s)
  }
  if (!take(s, m)) {
    recovery.contradicted.add(peerId)
    return abandonFetch(s)
  }
  ask(s, peerId, s.log.last)
}

/** False where the entries contradict what is committed here. */
function take(s: State, { previous, entries }: FetchedContent): boolean {
  if (s.log.termAt(previous.index) !== previous.term) return false
  for (const entry of entries) {
    if (entry.index !== previous.index + 1 && entry.index > s.log.lastIndex + 1) return false
    if (s.log.termAt(entry.index) === entry.term) continue
    if (entry.index <= s.log.lastIndex) {
      if (entry.index <= s.commit) return false
      cut(s, entry.index)
    }
    if (entry.term > s.term) setTerm(s, entry.term)
    appendEntry(s, entry)
  }
  return true
}

/** A survivor no longer has the entries: its snapshot instead. */
export function onSurvivorSnapshot(s: State, peer: Peer, snapshot: SnapshotMeta): void {
  if (s.recovery.fetching?.peerId !== peer.id.peerId || s.leader !== undefined) return
  const { peerId } = peer.id
  abandonFetch(s)
  if (!hasUpTo(s, snapshot)) return requestSnapshot(s, snapshot)
  commitTo(s, snapshot.index)
  ask(s, peerId, s.log.last)
}
