import { isVoter } from './configuration.ts'
import { hearsLeader } from './role.ts'
import type { Peer } from './peer.ts'
import { standingOf } from './state.ts'
import type { State } from './state.ts'
import { transferLeadership } from './transfer.ts'

/** Leaving takes no longer than this many election timeouts. */
const PATIENCE = 2

export function beginClosing(s: State): void {
  if (s.closing !== undefined) return
  s.closing = s.now
  driveClosing(s)
}

/** Hands over leadership, waits until it is no longer a voter, says goodbye. Alone or without a leader it just goes. */
export function driveClosing(s: State): void {
  if (s.closing === undefined || s.halted !== undefined) return
  const isOver = s.now - s.closing >= PATIENCE * s.options.timing.electionTimeout
  const mustWait = standingOf(s) === 'voter' && hearsLeader(s) && s.log.configuration.voters.length > 1
  if (isOver || !mustWait) return depart(s)
  if (s.leading === undefined) {
    if (s.leader !== undefined && s.peers.has(s.leader)) s.out.send(s.leader, { type: 'departure', isLeaving: true }, 'nothing')
  } else if (s.leading.transfer === undefined) transferLeadership(s, undefined)
}

function depart(s: State): void {
  for (const peerId of s.peers.keys()) s.out.send(peerId, { type: 'departure', isLeaving: false }, 'nothing')
  s.halted = 'left'
  s.out.emit({ type: 'departed' })
}

/** A member asks to be removed, or has said goodbye. */
export function onDeparture(s: State, peer: Peer, isLeaving: boolean): void {
  peer.isLeaving = true
  if (isLeaving || !isVoter(s.log.configuration, peer.id)) return
  s.absences.set(peer.id.peerId, { incarnation: peer.id.incarnation, since: s.now, isForGood: true })
}
