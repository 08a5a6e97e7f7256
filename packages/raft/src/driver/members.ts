import { shortId } from '@mosaik/core'
import { majorityOf } from '../logic/configuration.ts'
import type { State } from '../logic/state.ts'
import { standingOf } from '../logic/state.ts'
import type { Member } from '../types.ts'

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

/** What stands between this node and a leader, in words. */
export function whatIsMissing(state: Readonly<State> | undefined): string {
  if (state === undefined) return 'the group has not started on this node'
  const { me } = state.options
  if (state.lineage === undefined) return `no history is known yet; ${state.peers.size} other members are connected`
  const { voters } = state.log.configuration
  const silent = voters.filter(({ peerId }) => peerId !== me.peerId && !state.peers.has(peerId))
  const reachable = voters.length - silent.length
  if (state.leader !== undefined) return `the leader ${state.leader} has not answered`
  const since = Math.round((state.now - state.heardAt) / 100) / 10
  const waiting = silent.length === 0 ? '' : `, waiting for ${silent.map(({ peerId }) => peerId).join(', ')}`
  return `no leader for ${since} s: ${reachable} of ${voters.length} voters reachable (${majorityOf(state.log.configuration)} needed)${waiting} in ${shortId(state.lineage.id)}`
}
