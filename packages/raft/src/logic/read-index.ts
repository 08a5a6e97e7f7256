import type { PeerId } from '@mosaik/core'
import { wake } from './idle.ts'
import { isVoter, majorityOf } from './configuration.ts'
import type { ReadAnswer, ReadRequest } from './messages.ts'
import type { Peer } from './peer.ts'
import { isVoterPeer } from './state.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** Reads of other members that share a round. */
interface RemoteRead {
  readonly peerId: PeerId
  readonly ticket: number
}

/** One question to a majority: do I still lead? All reads that waited when it was asked share it (th. 6.4). */
interface Round {
  readonly number: number
  readonly index: Index
  readonly local: readonly number[]
  readonly remote: readonly RemoteRead[]
}

/** Where strong reads stand: `waiting` → (`round` here, or `asked` of the leader) → `positioned` → applied: ready. */
export interface Reads {
  waiting: number[]
  waitingRemote: RemoteRead[]
  round: Round | undefined
  rounds: number
  asked: { readonly ticket: number; readonly ids: readonly number[]; readonly until: number } | undefined
  tickets: number
  positioned: { readonly id: number; readonly index: Index }[]
}

export function noReads(): Reads {
  return { waiting: [], waitingRemote: [], round: undefined, rounds: 0, asked: undefined, tickets: 0, positioned: [] }
}

export function currentRound(s: State): number {
  return s.reads.round?.number ?? 0
}

export function onRead(s: State, id: number): void {
  const { waiting, positioned, asked, round } = s.reads
  const count = waiting.length + positioned.length + (asked?.ids.length ?? 0) + (round?.local.length ?? 0)
  if (count >= s.options.limits.reads) s.out.emit({ type: 'read-refused', id, reason: 'busy' })
  else waiting.push(id)
}

export function cancelRead(s: State, id: number): void {
  const { reads } = s
  reads.waiting = reads.waiting.filter((each) => each !== id)
  reads.positioned = reads.positioned.filter((each) => each.id !== id)
  if (reads.asked?.ids.includes(id) === true) reads.asked = { ...reads.asked, ids: reads.asked.ids.filter((each) => each !== id) }
  if (reads.round?.local.includes(id) === true) reads.round = { ...reads.round, local: reads.round.local.filter((each) => each !== id) }
}

/** Another leader or none: whatever has no position yet begins again. */
export function requeueReads(s: State): void {
  const { reads } = s
  reads.waiting.push(...(reads.round?.local ?? []), ...(reads.asked?.ids ?? []))
  for (const { peerId, ticket } of [...(reads.round?.remote ?? []), ...reads.waitingRemote]) {
    if (s.peers.has(peerId)) s.out.send(peerId, { type: 'read-answer', ticket, index: undefined })
  }
  reads.waitingRemote = []
  reads.round = undefined
  reads.asked = undefined
}

/** At the end of every step: asks what can be asked. */
export function driveReads(s: State): void {
  const { reads } = s
  if (s.leading !== undefined) beginRound(s)
  else if (s.leader !== undefined && reads.waiting.length > 0 && reads.asked === undefined && s.peers.has(s.leader)) {
    reads.tickets++
    reads.asked = { ticket: reads.tickets, ids: reads.waiting, until: s.now + s.options.timing.queryTimeout }
    reads.waiting = []
    s.out.send(s.leader, { type: 'read', ticket: reads.tickets }, 'nothing')
  }
  if (reads.positioned.length > 0) releaseReads(s)
}

/** Before the leader has committed an entry of its own term it cannot know what has been committed. */
function beginRound(s: State): void {
  const { reads } = s
  if (s.leading === undefined || reads.round !== undefined || reads.waiting.length + reads.waitingRemote.length === 0) return
  if (s.commit < s.leading.start) return
  wake(s)
  reads.rounds++
  reads.round = { number: reads.rounds, index: s.commit, local: reads.waiting, remote: reads.waitingRemote }
  reads.waiting = []
  reads.waitingRemote = []
  for (const peer of s.peers.values()) {
    if (peer.progress === undefined || !isVoterPeer(s, peer)) continue
    const commit = Math.min(s.commit, peer.progress.match)
    s.out.send(peer.id.peerId, {
      type: 'heartbeat',
      commit,
      round: reads.rounds,
      answer: true,
      hash: undefined,
      leading: true,
      idle: false,
    })
  }
  settleRound(s)
}

export function confirmRound(s: State, peer: Peer, round: number): void {
  if (round <= peer.readRound) return
  peer.readRound = round
  settleRound(s)
}

function settleRound(s: State): void {
  const { round } = s.reads
  if (round === undefined) return
  let confirmed = isVoter(s.log.configuration, s.options.me) ? 1 : 0
  for (const peer of s.peers.values())
    if (peer.progress !== undefined && peer.readRound >= round.number && isVoterPeer(s, peer)) confirmed++
  if (confirmed < majorityOf(s.log.configuration)) return
  s.reads.round = undefined
  for (const id of round.local) s.reads.positioned.push({ id, index: round.index })
  for (const { peerId, ticket } of round.remote) {
    if (s.peers.has(peerId)) s.out.send(peerId, { type: 'read-answer', ticket, index: round.index })
  }
  beginRound(s)
}

export function onReadRequest(s: State, peer: Peer, m: ReadRequest): void {
  if (s.leading === undefined || s.reads.waitingRemote.length >= s.options.limits.reads) {
    return s.out.send(peer.id.peerId, { type: 'read-answer', ticket: m.ticket, index: undefined })
  }
  s.reads.waitingRemote.push({ peerId: peer.id.peerId, ticket: m.ticket })
}

export function onReadAnswer(s: State, m: ReadAnswer): void {
  const { reads } = s
  if (reads.asked?.ticket !== m.ticket) return
  const { ids } = reads.asked
  // Who no longer leads is not asked again at once: the next leader, or the next heartbeat interval, is waited for.
  if (m.index === undefined) return void (reads.asked = { ticket: 0, ids, until: s.now + s.options.timing.heartbeatInterval })
  reads.asked = undefined
  for (const id of ids) reads.positioned.push({ id, index: m.index })
}

/** On a tick: an answer that does not come is asked for again. */
export function retryReads(s: State): void {
  const { reads } = s
  if (reads.asked === undefined || s.now < reads.asked.until) return
  reads.waiting.push(...reads.asked.ids)
  reads.asked = undefined
}

function releaseReads(s: State): void {
  const { positioned } = s.reads
  let kept = 0
  for (const read of positioned) {
    if (read.index <= s.applied) s.out.emit({ type: 'read-ready', id: read.id, index: s.applied })
    else positioned[kept++] = read
  }
  positioned.length = kept
}
