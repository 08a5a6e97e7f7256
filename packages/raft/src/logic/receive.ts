import { onAudit } from './audit.ts'
import { onHello } from './bonds.ts'
import { onDeparture } from './departure.ts'
import { onVote, onVoteAnswer } from './election.ts'
import { onFetch, onFetched, onSurvivorSnapshot } from './fetch.ts'
import { hearLeader, onAppend, onHeartbeat, onSnapshotOffer } from './follower.ts'
import { onForward, onForwardAnswer } from './forward.ts'
import { onFoundingAnswer, onFoundingAsk } from './founding.ts'
import { adopt } from './joining.ts'
import { onMeet } from './meeting.ts'
import type { Message } from './messages.ts'
import type { Peer } from './peer.ts'
import { onReadAnswer, onReadRequest } from './read-index.ts'
import { onRecoveryAnswer, onRecoveryAsk } from './recovery.ts'
import { onAppendAnswer, onHeartbeatAnswer } from './replication.ts'
import { becomeFollower, hearsLeader } from './role.ts'
import { onSnapshotReport, reportSnapshot } from './snapshots.ts'
import type { State } from './state.ts'
import { onTimeoutNow, transferLeadership } from './transfer.ts'

/**
 * More elections than anybody can have missed. Terms end at 2⁵³ − 1, and a group that is there, or remembers that it was, can never elect
 * anybody again: no single message may take it there.
 */
const MAX_TERM_LEAP = 2 ** 24

/** One message of a bonded member: first what concerns lineages, then terms, then what it says. */
export function receive(s: State, from: Peer['id']['peerId'], m: Message): void {
  const peer = s.peers.get(from)
  if (peer === undefined || peer.id.incarnation !== m.incarnation) return void s.ignored++
  if (receiveAnyLineage(s, peer, m) || m.lineage === undefined) return
  if (s.lineage === undefined && (m.type === 'append' || m.type === 'vote')) adopt(s, peer.introduction?.origin ?? { id: m.lineage })
  if (m.lineage !== s.lineage?.id) return
  if (s.term > 0 && m.term - s.term > MAX_TERM_LEAP) return void s.ignored++
  peer.heardAt = s.now
  if (receiveWithoutLeader(s, peer, m)) return
  if (m.term > s.term && !acceptTerm(s, peer, m)) return
  if (m.term < s.term && isStale(s, peer, m)) return
  const { leader } = s
  handle(s, peer, m)
  if (s.leader !== leader && s.leader !== undefined && s.leading === undefined) reportSnapshot(s)
}

/** What is said across lineages, or before there is one. */
function receiveAnyLineage(s: State, peer: Peer, m: Message): boolean {
  switch (m.type) {
    case 'hello':
      onHello(s, peer, m)
      return true
    case 'departure':
      onDeparture(s, peer, m.isLeaving)
      return true
    case 'founding':
      if (m.parent === undefined) onFoundingAsk(s, peer, m)
      else onRecoveryAsk(s, peer, m)
      return true
    case 'founding-answer':
      onFoundingAnswer(s, peer, m)
      onRecoveryAnswer(s, peer, m)
      return true
    case 'meet':
      onMeet(s, m)
      return true
    default:
      return false
  }
}

/** What survivors say who have lost their majority: terms mean nothing there. */
function receiveWithoutLeader(s: State, peer: Peer, m: Message): boolean {
  if (m.type === 'fetch') onFetch(s, peer, m)
  else if (m.type === 'fetched') onFetched(s, peer, m)
  else if (m.type === 'snapshot-offer' && s.recovery.fetching?.peerId === peer.id.peerId) onSurvivorSnapshot(s, peer, m.snapshot)
  else return false
  return true
}

/** A higher term: true if the message is still to be handled. */
function acceptTerm(s: State, peer: Peer, m: Message): boolean {
  if (m.type === 'vote') {
    if (m.pre) return true
    if (!m.transfer && hearsLeader(s)) {
      s.out.send(peer.id.peerId, { type: 'vote-answer', pre: false, campaign: m.campaign, verdict: 'denied' })
      return false
    }
  }
  const leads = m.type === 'append' || m.type === 'snapshot-offer' || (m.type === 'heartbeat' && m.leading)
  becomeFollower(s, m.term, leads ? peer.id.peerId : undefined)
  return true
}

/** A lower term: who thinks it leads learns that it does not; old answers mean nothing. */
function isStale(s: State, peer: Peer, m: Message): boolean {
  switch (m.type) {
    case 'append':
    case 'heartbeat':
    case 'snapshot-offer':
      if (m.type !== 'heartbeat' || m.leading) s.out.send(peer.id.peerId, { type: 'heartbeat-answer', round: 0, idle: false })
      return true
    case 'append-answer':
    case 'heartbeat-answer':
    case 'read-answer':
    case 'forward-answer':
    case 'timeout-now':
      return true
    default:
      return false
  }
}

/** Nobody else may say this: not who was deposed, nor who never led. */
function isFromLeader(s: State, peer: Peer): boolean {
  if (peer.id.peerId === s.leader) return true
  s.ignored++
  return false
}

function handle(s: State, peer: Peer, m: Message): void {
  switch (m.type) {
    case 'vote':
      return onVote(s, peer, m)
    case 'vote-answer':
      return onVoteAnswer(s, peer, m)
    case 'append':
      return hearLeader(s, peer) ? onAppend(s, peer, m) : undefined
    case 'heartbeat':
      if (!m.leading) return s.leader === peer.id.peerId ? becomeFollower(s, s.term, undefined) : undefined
      return hearLeader(s, peer) ? onHeartbeat(s, peer, m) : undefined
    case 'snapshot-offer':
      return hearLeader(s, peer) ? onSnapshotOffer(s, peer, m) : undefined
    case 'append-answer':
      return onAppendAnswer(s, peer, m)
    case 'heartbeat-answer':
      return onHeartbeatAnswer(s, peer, m)
    case 'read':
      return onReadRequest(s, peer, m)
    case 'read-answer':
      return isFromLeader(s, peer) ? onReadAnswer(s, m) : undefined
    case 'forward':
      return onForward(s, peer, m.proposals)
    case 'forward-answer':
      return isFromLeader(s, peer) ? onForwardAnswer(s, m) : undefined
    case 'transfer':
      return s.leading === undefined ? undefined : transferLeadership(s, m.to)
    case 'timeout-now':
      return isFromLeader(s, peer) ? onTimeoutNow(s) : undefined
    case 'snapshot-report':
      return onSnapshotReport(s, peer, m)
    case 'audit':
      return onAudit(s, peer, m)
    default:
  }
}
