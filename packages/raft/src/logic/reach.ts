import { majorityOf } from './configuration.ts'
import type { Voter } from './configuration.ts'
import type { State } from './state.ts'

/** The voters of the newest configuration with whom there is no bond. */
export function missingVoters(s: State): Voter[] {
  const { me } = s.options
  return s.log.configuration.voters.filter((voter) => {
    const present = voter.peerId === me.peerId ? me : s.peers.get(voter.peerId)?.id
    return present?.incarnation !== voter.incarnation
  })
}

/** Whether enough voters have bonds to make a majority. Says nothing about a leader. */
export function reachesQuorum(s: State): boolean {
  const { configuration } = s.log
  return configuration.voters.length - missingVoters(s).length >= majorityOf(configuration)
}

/** This life of the voter has ended for good: it said goodbye, or its peer is somebody else now. */
export function isGoneForGood(s: State, voter: Voter): boolean {
  if (voter.peerId === s.options.me.peerId) return voter.incarnation !== s.options.me.incarnation
  const absence = s.absences.get(voter.peerId)
  return absence?.incarnation === voter.incarnation && absence.isForGood
}
