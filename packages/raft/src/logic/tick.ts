import { forgetAudit } from './audit.ts'
import type { PeerId } from '@mosaik/core'
import { hearByBonds, isQuiet, wake } from './idle.ts'
import { isVoter, majorityOf } from './configuration.ts'
import { driveClosing } from './departure.ts'
import { mayStand, preCampaign } from './election.ts'
import { noteAbsences } from './bonds.ts'
import { driveFounding } from './founding.ts'
import { driveMeeting } from './meeting.ts'
import { driveRecovery } from './recovery.ts'
import { reviewMembership } from './membership.ts'
import { retryReads } from './read-index.ts'
import { sendHeartbeats } from './replication.ts'
import { becomeFollower, setLeader } from './role.ts'
import { proposeMark } from './snapshots.ts'
import { isVoterPeer } from './state.ts'
import type { Leadership, State } from './state.ts'

/** Time passes. A node that stood still for long has not been left alone for long. */
export function onTick(s: State, elapsed: number, heard: ReadonlyMap<PeerId, number> | undefined): void {
  s.now += Math.min(elapsed, s.options.timing.heartbeatInterval)
  hearByBonds(s, heard)
  if (s.leading !== undefined) lead(s, s.leading)
  else if (s.lineage !== undefined) follow(s)
  else driveFounding(s)
  driveMeeting(s)
  if (s.halted !== undefined) return
  driveRecovery(s)
  retryReads(s)
  forgetAudit(s)
  driveClosing(s)
}

function lead(s: State, leading: Leadership): void {
  if (!hasQuorum(s, leading)) return becomeFollower(s, s.term, undefined)
  if (s.isIdle && !isQuiet(s)) wake(s)
  if (!s.isIdle && s.now - leading.heartbeatAt >= s.options.timing.heartbeatInterval) sendHeartbeats(s)
  noteAbsences(s)
  proposeMark(s)
  reviewMembership(s)
}

function follow(s: State): void {
  const silence = s.now - s.heardAt
  noteAbsences(s)
  if (s.leader !== undefined && silence >= s.options.timing.electionTimeout) setLeader(s, undefined)
  if (silence >= s.patience && mayStand(s)) preCampaign(s)
}

/** Whether a majority has been heard within an election timeout (th. 6.2). */
function hasQuorum(s: State, leading: Leadership): boolean {
  const { electionTimeout } = s.options.timing
  if (s.now - leading.since < electionTimeout) return true
  let heard = isVoter(s.log.configuration, s.options.me) ? 1 : 0
  for (const peer of s.peers.values()) if (isVoterPeer(s, peer) && s.now - peer.heardAt < electionTimeout) heard++
  return heard >= majorityOf(s.log.configuration)
}
