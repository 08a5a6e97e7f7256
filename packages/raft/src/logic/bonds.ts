import type { PeerId } from '@mosaik/core'
import { voterOf } from './configuration.ts'
import { wake } from './idle.ts'
import { sendHello } from './hello.ts'
import { onForeignHello } from './meeting.ts'
import type { Envelope, HelloContent } from './messages.ts'
import { joinSomebody } from './joining.ts'
import { Peer } from './peer.ts'
import { beginFeeding } from './replication.ts'
import { becomeFollower } from './role.ts'
import type { State } from './state.ts'
import type { MemberId } from './types.ts'

export function onBondUp(s: State, member: MemberId): void {
  s.peers.set(member.peerId, new Peer(member, s.now))
  const voter = voterOf(s.log.configuration, member.peerId)
  if (voter?.incarnation === member.incarnation) s.absences.delete(member.peerId)
  else if (voter !== undefined) s.absences.set(member.peerId, { incarnation: voter.incarnation, since: s.now, isForGood: true })
  s.founding.lastBondAt = s.now
  sendHello(s, member.peerId)
}

export function onBondDown(s: State, peerId: PeerId): void {
  const peer = s.peers.get(peerId)
  if (peer === undefined) return
  s.peers.delete(peerId)
  s.leading?.reports.delete(peerId)
  noteAbsences(s)
}

/** Notes since when each voter has had no bond; forgets who is no voter. */
export function noteAbsences(s: State): void {
  const { configuration } = s.log
  for (const [peerId, absence] of s.absences) {
    if (voterOf(configuration, peerId)?.incarnation !== absence.incarnation) s.absences.delete(peerId)
  }
  for (const voter of configuration.voters) {
    if (voter.peerId === s.options.me.peerId || s.absences.has(voter.peerId)) continue
    const peer = s.peers.get(voter.peerId)
    if (peer?.id.incarnation === voter.incarnation) continue
    s.absences.set(voter.peerId, { incarnation: voter.incarnation, since: s.now, isForGood: peer !== undefined })
  }
}

/** What a member says of itself. A leader feeds whoever has its lineage, or none. */
export function onHello(s: State, peer: Peer, m: Envelope & HelloContent): void {
  peer.introduction = m
  // Who is without a leader has not heard that this node leads.
  if (s.isIdle && !m.led) {
    if (s.leading !== undefined) wake(s)
    else if (s.leader === peer.id.peerId) becomeFollower(s, s.term, undefined)
  }
  if (s.lineage === undefined) {
    joinSomebody(s)
  } else if (m.origin !== undefined && m.origin.id !== s.lineage.id) {
    peer.progress = undefined
    onForeignHello(s, peer, m.origin)
  } else beginFeeding(s, peer, m.last)
}
