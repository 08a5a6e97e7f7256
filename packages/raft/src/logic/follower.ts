import { appendEntry, announceConfiguration } from './append.ts'
import { compareHash } from './audit.ts'
import { applyCommitted, commitTo } from './commit.ts'
import type { AppendContent, HeartbeatContent, SnapshotOffer } from './messages.ts'
import { meetingFrom } from './meeting-state.ts'
import type { Peer } from './peer.ts'
import { becomeFollower, setLeader, waitForLeader } from './role.ts'
import type { SnapshotMeta } from './snapshot.ts'
import { reportSnapshot } from './snapshots.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** A message that only a leader sends has come, of the own term. False from a second leader, which cannot be. */
export function hearLeader(s: State, peer: Peer): boolean {
  const { peerId } = peer.id
  if (s.role === 'leader' || (s.leader !== undefined && s.leader !== peerId)) {
    s.ignored++
    return false
  }
  if (s.role !== 'follower') becomeFollower(s, s.term, peerId)
  setLeader(s, peerId)
  waitForLeader(s)
  return true
}

/** Compares entry by entry; cuts only what conflicts, and never what is committed. */
export function onAppend(s: State, peer: Peer, m: AppendContent): void {
  s.isIdle = false
  if (s.installing !== undefined) return
  const { previous, entries } = m
  const known = s.log.termAt(previous.index)
  // Below the boundary, and up to the commit position, everything matches: it is the same lineage.
  if (previous.index > s.commit && known !== previous.term) return refuse(s, peer, m)
  if (previous.index > s.log.base.index && known !== previous.term) return breach(s, previous.index)
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as (typeof entries)[number]
    if (entry.index !== previous.index + 1 + i) return
    if (entry.index <= s.log.base.index || s.log.termAt(entry.index) === entry.term) continue
    if (entry.index <= s.log.lastIndex) {
      if (entry.index <= s.commit) return breach(s, entry.index)
      cut(s, entry.index)
    }
    appendEntry(s, entry)
  }
  const last = previous.index + entries.length
  s.out.send(peer.id.peerId, { type: 'append-answer', index: Math.max(last, s.commit), hint: undefined }, 'log')
  commitTo(s, Math.min(m.commit, last))
}

function refuse(s: State, peer: Peer, m: AppendContent): void {
  const hint = s.log.candidateFor(m.previous.index, m.previous.term)
  s.out.send(peer.id.peerId, { type: 'append-answer', index: m.previous.index, hint })
}

/** Drops what a leader has overwritten: none of it was committed. */
export function cut(s: State, from: Index): void {
  const isReconfigured = s.log.configurationIndex >= from
  s.log.truncate(from)
  s.out.truncated(from)
  s.stored = Math.min(s.stored, from - 1)
  for (const write of s.writes) write.last = Math.min(write.last, from - 1)
  if (isReconfigured) announceConfiguration(s)
}

function breach(s: State, index: Index): void {
  s.halted = `entry ${index} is committed here (up to ${s.commit}), and the leader of term ${s.term} has another one there`
  s.out.emit({ type: 'breach', reason: s.halted })
}

export function onHeartbeat(s: State, peer: Peer, m: HeartbeatContent): void {
  s.isIdle = m.idle && s.heard !== undefined && m.commit === s.log.lastIndex && m.commit === s.commit
  if (m.answer) s.out.send(peer.id.peerId, { type: 'heartbeat-answer', round: m.round, idle: s.isIdle })
  // A report may be lost. Rounds of reads, which have no hash, come far too often.
  if (m.hash !== undefined && s.taken.length > 0) reportSnapshot(s)
  if (s.installing !== undefined) return
  commitTo(s, Math.min(m.commit, s.log.lastIndex))
  compareHash(s, m.commit, m.hash)
}

/** What this follower needs is in no log any more. */
export function onSnapshotOffer(s: State, peer: Peer, m: SnapshotOffer): void {
  const { snapshot } = m
  if (s.installing !== undefined) return
  if (snapshot.index <= s.commit) {
    return s.out.send(peer.id.peerId, { type: 'append-answer', index: s.commit, hint: undefined }, 'log')
  }
  if (!hasUpTo(s, snapshot)) return requestSnapshot(s, snapshot)
  s.out.send(peer.id.peerId, { type: 'append-answer', index: snapshot.index, hint: undefined }, 'log')
  commitTo(s, snapshot.index)
}

/** Everything that the snapshot stands for is in the log already, perhaps with more behind it that others count on. */
export function hasUpTo({ log }: State, { index, term }: SnapshotMeta): boolean {
  return index >= log.first && log.termAt(index) === term
}

/** While it is fetched and installed, this member takes no entries and judges nobody. */
export function requestSnapshot(s: State, snapshot: SnapshotMeta): void {
  s.installing = snapshot
  s.out.emit({ type: 'need-snapshot', snapshot })
}

/** The machine has the state of `snapshot`; the log begins behind it. */
export function onSnapshotInstalled(s: State, snapshot: SnapshotMeta): void {
  const isAwaited = s.installing?.index === snapshot.index
  s.installing = undefined
  if (!isAwaited || snapshot.index <= s.commit) return
  // A snapshot of the parent, from before the fork, is as good.
  if (snapshot.lineage.id === s.lineage?.id) {
    s.lineage = snapshot.lineage
    s.meeting = meetingFrom(snapshot.meets)
  }
  // As the store has done: what else was here contradicts the snapshot.
  s.log.reset(snapshot)
  s.out.logReplaced()
  s.writes.length = 0
  s.stored = snapshot.index
  s.snapshot = snapshot
  s.taken.length = 0
  s.lastMark = Math.max(s.lastMark, snapshot.index)
  s.commit = snapshot.index
  s.applying = snapshot.index
  s.applied = snapshot.index
  announceConfiguration(s)
  s.out.emit({ type: 'committed', index: snapshot.index })
  applyCommitted(s)
  if (s.leader !== undefined && s.peers.has(s.leader)) {
    s.out.send(s.leader, { type: 'append-answer', index: snapshot.index, hint: undefined }, 'log')
  }
}
