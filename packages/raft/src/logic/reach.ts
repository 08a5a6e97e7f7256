import { majorityOf } from './configuration.ts'
import type { Voter } from './configuration.ts'
import type { Peer } from './peer.ts'
import type { State } from './state.ts'

/** The voters of the newest configuration with whom there is no bond, or who belong to another history now. */
export function missingVoters(s: State): Voter[] {
  const { me } = s.options
  return s.log.configuration.voters.filter((voter) => {
    const peer = s.peers.get(voter.peerId)
    const present = voter.peerId === me.peerId ? me : peer?.id
    return present?.incarnation !== voter.incarnation || (peer !== undefined && isForeign(s, peer))
  })
}

/** Of another history: this life of it does not come back to this one. */
export function isForeign(s: State, peer: Peer): boolean {
  const other = peer.introduction?.lineage
  return other !== undefined && other !== s.lineage?.id
}

/** Whether enough voters have bonds to make a majority. Says nothing about a leader. */
export function reachesQuorum(s: State): boolean {
  const { configuration } = s.log
  return configuration.voters.length - missingVoters(s).length >= majorityOf(configuration)
}

/** This life of the voter has ended for good: it said goodbye, or its peer is somebody else or elsewhere now. */
export function isGoneForGood(s: State, voter: Voter): boolean {
  if (voter.peerId === s.options.me.peerId) return voter.incarnation !== s.options.me.incarnation
  const peer = s.peers.get(voter.peerId)
  if (peer !== undefined && (peer.id.incarnation !== voter.incarnation || isForeign(s, peer))) return true
  const absence = s.absences.get(voter.peerId)
  return absence?.incarnation === voter.incarnation && absence.isForGood
}
