import type { PeerId } from '@mosaik/core'
import type { Role } from './effects.ts'
import { patience } from './options.ts'
import { requeueReads } from './read-index.ts'
import type { State } from './state.ts'
import type { Term } from './types.ts'

/** A new term has no vote yet. */
export function setTerm(s: State, term: Term): void {
  if (term === s.term) return
  s.term = term
  s.vote = undefined
  s.out.hardStateChanged()
}

export function setLeader(s: State, leader: PeerId | undefined): void {
  if (leader === s.leader) return
  // Members of other lineages, and who is about to recover this one, go by whether it is led.
  if ((leader === undefined) !== (s.leader === undefined)) s.hasNews = true
  s.leader = leader
  // Quiet is what a leader and its followers agree on. Who waits for an election looks often, or all would stand at once.
  if (leader === undefined) s.isIdle = false
  s.out.emit({ type: 'leader', leader, term: s.term })
}

export function setRole(s: State, role: Role): void {
  if (role === s.role) return
  s.role = role
  s.out.emit({ type: 'role', role, term: s.term })
}

/** Waits anew for a leader, for a time drawn at random so that not all stand at once. */
export function waitForLeader(s: State): void {
  s.heardAt = s.now
  drawPatience(s)
}

export function drawPatience(s: State): void {
  const { electionTimeout, electionJitter } = s.options.timing
  s.patience = (electionTimeout + Math.floor(s.prng.float() * electionJitter)) * patience(s.options.preference)
}

/** Whether a leader has been heard so recently that nobody else may be elected (th. 4.2.3). */
export function hearsLeader(s: State): boolean {
  return s.leader !== undefined && (s.role === 'leader' || s.now - s.heardAt < s.options.timing.electionTimeout)
}

/** Follows whoever leads `term`, if that is known. */
export function becomeFollower(s: State, term: Term, leader: PeerId | undefined): void {
  const hasLed = s.leading !== undefined
  const formerTerm = s.term
  s.isIdle = false
  setTerm(s, term)
  if (hasLed) resign(s)
  s.votes.clear()
  setRole(s, 'follower')
  if (leader !== s.leader || formerTerm !== term) requeueReads(s)
  setLeader(s, leader)
  waitForLeader(s)
}

function resign(s: State): void {
  s.leading = undefined
  requeueReads(s)
  for (const peer of s.peers.values()) {
    if (peer.progress === undefined) continue
    peer.progress = undefined
    s.out.send(peer.id.peerId, { type: 'heartbeat', commit: 0, round: 0, answer: false, hash: undefined, leading: false, idle: false })
  }
}
