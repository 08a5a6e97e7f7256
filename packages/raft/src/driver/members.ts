import type { PeerId } from '@mosaik/core'
import type { Peer } from '../logic/peer.ts'
import { isForeign } from '../logic/reach.ts'
import type { State } from '../logic/state.ts'
import { standingOf } from '../logic/state.ts'
import type { Member, MemberStatus } from '../types.ts'

/** Who is in the group as this node knows it: the voters, and everyone bonded. */
export function membersOf(state: Readonly<State>): Member[] {
  const { me } = state.options
  const members = new Map<string, Member>()
  for (const { peerId, incarnation } of state.log.configuration.voters) members.set(peerId, { peerId, incarnation, standing: 'voter' })
  for (const { id, introduction } of state.peers.values()) {
    if (members.get(id.peerId)?.incarnation === id.incarnation) continue
    if (introduction?.lineage === undefined || introduction.lineage !== state.lineage?.id) continue
    members.set(id.peerId, { ...id, standing: introduction.preference === 'observer' ? 'observer' : 'learner' })
  }
  if (state.lineage !== undefined) members.set(me.peerId, { ...me, standing: standingOf(state as State) })
  return [...members.values()].sort((a, b) => (a.peerId < b.peerId ? -1 : 1))
}

export function sameMembers(a: readonly Member[], b: readonly Member[]): boolean {
  return a.length === b.length && a.every((member, i) => member.incarnation === b[i]?.incarnation && member.standing === b[i].standing)
}

/** The same, with whether each is there and what the leader knows of it. */
export function statusOf(state: Readonly<State>): MemberStatus[] {
  return membersOf(state).map((member) => ({ ...member, ...contactWith(state, member) }))
}

function contactWith(s: Readonly<State>, { peerId, incarnation }: Member): Omit<MemberStatus, keyof Member> {
  if (peerId === s.options.me.peerId) return { isReachable: true, ...(s.leading !== undefined && { lag: 0, silence: 0 }) }
  const peer = s.peers.get(peerId)
  const isReachable = peer?.id.incarnation === incarnation && !isForeign(s as State, peer)
  if (s.leading === undefined) return { isReachable }
  if (isReachable) {
    const lag = lagOf(s, peer)
    return { isReachable, ...(lag !== undefined && { lag }), silence: s.now - peer.heardAt }
  }
  const absence = s.absences.get(peerId as PeerId)
  return { isReachable, ...(absence !== undefined && { silence: s.now - absence.since }) }
}

/** How many of the leader's entries a member lacks; undefined where that is not known. */
export function lagOf(state: Readonly<State>, { progress }: Peer): number | undefined {
  return state.leading === undefined || progress === undefined ? undefined : state.log.lastIndex - progress.match
}
