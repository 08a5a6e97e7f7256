import { advanceCommit } from './commit.ts'
import { agreeToIdle, isQuiet, wake } from './idle.ts'
import type { AppendAnswer, HeartbeatAnswer } from './messages.ts'
import type { Peer } from './peer.ts'
import type { Progress } from './progress.ts'
import { confirmRound, currentRound } from './read-index.ts'
import { settledMeta } from './snapshots.ts'
import type { State } from './state.ts'
import type { Cursor } from './types.ts'

/** Starts to feed a member of this lineage: from the end of the own log or, of who has just said where its log ends, from there. */
export function beginFeeding(s: State, peer: Peer, last: Cursor = s.log.last): void {
  if (s.leading === undefined || peer.progress !== undefined) return
  if (peer.introduction === undefined) return
  if (peer.introduction.lineage !== undefined && peer.introduction.lineage !== s.lineage?.id) return
  const { limits, timing } = s.options
  const window = { frames: limits.window, bytes: limits.window * limits.frameBytes, promptMs: timing.heartbeatInterval }
  peer.feed(s.log.candidateFor(last.index, last.term).index + 1, window)
  peer.heardAt = s.now
  s.mustReplicate = true
}

/** Sends every follower what its window has room for, and tells it what has been committed. */
export function feedAll(s: State): void {
  s.mustReplicate = false
  if (s.leading === undefined) return
  if (s.isIdle && !isQuiet(s)) wake(s)
  for (const peer of s.peers.values()) if (peer.progress !== undefined) feed(s, peer, peer.progress)
}

function feed(s: State, peer: Peer, progress: Progress): void {
  while (!progress.isPaused && (progress.next <= s.log.lastIndex || progress.feeding === 'probe')) {
    if (progress.next < s.log.first) return offerSnapshot(s, peer, progress)
    if (progress.mayGather && s.log.bytesBetween(progress.next - 1, s.log.lastIndex) < s.options.limits.gatherBytes) break
    sendFrame(s, peer, progress)
  }
  const news = Math.min(s.commit, progress.match)
  if (progress.feeding !== 'replicate' || progress.commitSent >= news) return
  progress.commitSent = news
  s.out.send(peer.id.peerId, { type: 'heartbeat', commit: news, round: 0, answer: false, hash: undefined, leading: true, idle: false })
}

function sendFrame(s: State, peer: Peer, progress: Progress): void {
  const { frameEntries, frameBytes } = s.options.limits
  const { next } = progress
  const index = next - 1
  const term = s.log.termAt(index) as number
  const end = next > s.log.lastIndex ? index : s.log.frameEnd(next, frameEntries, Math.min(frameBytes, progress.room))
  s.out.send(peer.id.peerId, { type: 'append', previous: { term, index }, entries: s.log.slice(next, end), commit: s.commit })
  progress.sent(end, s.log.bytesBetween(index, end), s.now)
  progress.commitSent = Math.min(s.commit, end)
}

/** Asks whether the last frames have arrived: they have been silent for a heartbeat. */
function sendProbe(s: State, peer: Peer, progress: Progress): void {
  const index = progress.next - 1
  const term = s.log.termAt(index)
  if (term !== undefined) s.out.send(peer.id.peerId, { type: 'append', previous: { term, index }, entries: [], commit: s.commit })
}

/** What the follower needs is no longer here. */
function offerSnapshot(s: State, peer: Peer, progress: Progress): void {
  const snapshot = settledMeta(s)
  if (snapshot === undefined) return
  progress.offered(snapshot.index)
  peer.offeredAt = s.now
  s.out.send(peer.id.peerId, { type: 'snapshot-offer', snapshot })
}

export function onAppendAnswer(s: State, peer: Peer, m: AppendAnswer): void {
  const { progress } = peer
  if (s.leading === undefined || progress === undefined) return
  if (m.hint === undefined) {
    if (m.index > s.log.lastIndex) return
    if (progress.matched(m.index, s.now)) advanceCommit(s)
    // An older snapshot than the last one offered will do, if the log has what is behind it.
    if (progress.feeding === 'snapshot' && progress.match + 1 >= s.log.first) progress.restart()
    s.mustReplicate = true
    return
  }
  const candidate = m.hint.index >= s.log.base.index ? s.log.candidateFor(m.hint.index, m.hint.term).index : m.hint.index
  if (progress.refused(m.index, candidate)) s.mustReplicate = true
}

export function onHeartbeatAnswer(s: State, peer: Peer, m: HeartbeatAnswer): void {
  const { progress } = peer
  if (s.leading === undefined || progress === undefined) return
  confirmRound(s, peer, m.round)
  peer.isIdle = m.idle
  if (m.idle && !s.isIdle) agreeToIdle(s)
  // Rounds of reads come far more often than heartbeats, and say nothing about lost frames.
  if (s.now - progress.resumedAt < s.options.timing.heartbeatInterval / 2) return
  const isStalled = progress.match === progress.matchAtHeartbeat
  progress.matchAtHeartbeat = progress.match
  progress.resumedAt = s.now
  if (progress.match >= s.log.lastIndex) return
  // What is acknowledged all the time is only slow.
  if (progress.feeding === 'replicate' && !isStalled) return
  if (progress.feeding === 'replicate' && progress.next > s.log.lastIndex) sendProbe(s, peer, progress)
  progress.resume(s.now)
  s.mustReplicate = true
}

/** To all followers, at the heartbeat interval. */
export function sendHeartbeats(s: State): void {
  const { leading } = s
  if (leading === undefined) return
  leading.heartbeatAt = s.now
  const idle = isQuiet(s)
  for (const peer of s.peers.values()) {
    const { progress } = peer
    if (progress === undefined) continue
    const commit = Math.min(s.commit, progress.match)
    const hash = commit > 0 ? s.log.hashAt(commit) : undefined
    s.out.send(peer.id.peerId, { type: 'heartbeat', commit, round: currentRound(s), answer: true, hash, leading: true, idle })
    if (progress.feeding === 'snapshot' && s.now - peer.offeredAt >= s.options.timing.electionTimeout) offerSnapshot(s, peer, progress)
  }
}
