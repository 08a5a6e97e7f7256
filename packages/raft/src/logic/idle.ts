import type { PeerId } from '@mosaik/core'
import type { State } from './state.ts'

// A group in which nothing happens says nothing: once everybody has everything and has agreed to it, hearing the leader's node
// at all (by what its bond carries for all groups) counts as hearing the leader. Who resigns still says so.

/** Whether everybody has everything, and nothing is under way. */
export function isQuiet(s: State): boolean {
  const { leading, log, commit, reads } = s
  if (leading === undefined || commit !== log.lastIndex || leading.transfer !== undefined || s.closing !== undefined) return false
  if (reads.round !== undefined || s.absences.size > 0 || s.heard === undefined) return false
  for (const { progress, isLeaving } of s.peers.values()) {
    if (progress === undefined || isLeaving || progress.feeding !== 'replicate') return false
    if (progress.match !== commit || progress.commitSent !== commit) return false
  }
  return s.peers.size > 0
}

/** The leader says something again: heartbeats go on until all have agreed anew. */
export function wake(s: State): void {
  s.isIdle = false
  for (const peer of s.peers.values()) peer.isIdle = false
}

/** A follower has agreed to the silence. */
export function agreeToIdle(s: State): void {
  if (!isQuiet(s)) return
  for (const peer of s.peers.values()) if (!peer.isIdle) return
  s.isIdle = true
}

/** Whether time means nothing to an idle member for now: whom it depends on was heard within `ms`, and nothing of its own waits. */
export function mayRest(s: State, heard: ReadonlyMap<PeerId, number>, ms: number): boolean {
  if (!s.isIdle || s.closing !== undefined || s.reads.asked !== undefined || s.installing !== undefined) return false
  const isOnTime = (peerId: PeerId): boolean => (heard.get(peerId) ?? Infinity) < ms
  if (s.leading === undefined) return s.leader !== undefined && isOnTime(s.leader)
  for (const peerId of s.peers.keys()) if (!isOnTime(peerId)) return false
  return true
}

/** On a tick: in an idle group whoever has been heard by any means has been heard. `heard`: how many ms ago, by peer. */
export function hearByBonds(s: State, heard: ReadonlyMap<PeerId, number> | undefined): void {
  s.heard = heard
  if (!s.isIdle || heard === undefined) return
  if (s.leading !== undefined) {
    for (const peer of s.peers.values()) peer.heardAt = Math.max(peer.heardAt, s.now - (heard.get(peer.id.peerId) ?? Infinity))
  } else if (s.leader !== undefined) s.heardAt = Math.max(s.heardAt, s.now - (heard.get(s.leader) ?? Infinity))
}
