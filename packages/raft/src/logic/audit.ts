import type { PeerId } from '@mosaik/core'
import { isVoter, majorityOf, voterOf } from './configuration.ts'
import type { AuditContent } from './messages.ts'
import type { Peer } from './peer.ts'
import { isVoterPeer } from './state.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** Two members have found that their logs differ below a committed index: now every voter says what it has. */
export interface Audit {
  readonly index: Index
  readonly at: number
  /** The running hash at `index`, by voter. */
  readonly hashes: Map<PeerId, number>
}

/** The leader's running hash at an index that both have committed. */
export function compareHash(s: State, index: Index, hash: number | undefined): void {
  if (hash === undefined || index > s.commit) return
  const own = s.log.hashAt(index)
  if (own !== undefined && own !== hash) beginAudit(s, index, own)
}

function beginAudit(s: State, index: Index, own: number): void {
  if (s.audit !== undefined) return
  s.audit = { index, at: s.now, hashes: new Map() }
  if (isVoter(s.log.configuration, s.options.me)) s.audit.hashes.set(s.options.me.peerId, own)
  for (const peer of s.peers.values()) {
    if (isVoterPeer(s, peer)) s.out.send(peer.id.peerId, { type: 'audit', index, hash: own, answer: true }, 'nothing')
  }
}

export function onAudit(s: State, peer: Peer, m: AuditContent): void {
  const own = m.index <= s.commit ? s.log.hashAt(m.index) : undefined
  if (own === undefined) return
  if (m.answer) s.out.send(peer.id.peerId, { type: 'audit', index: m.index, hash: own, answer: false }, 'nothing')
  if (own !== m.hash) beginAudit(s, m.index, own)
  if (s.audit?.index !== m.index || !isVoterPeer(s, peer)) return
  s.audit.hashes.set(peer.id.peerId, m.hash)
  judge(s, s.audit, own)
}

/** Who differs from a majority of the voters leaves, be it the leader; where there is no majority nobody can tell who is right. */
function judge(s: State, { index, hashes }: Audit, own: number): void {
  const { configuration } = s.log
  const counts = new Map<number, number>()
  for (const [peerId, hash] of hashes) if (voterOf(configuration, peerId) !== undefined) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  const most = Math.max(0, ...counts.values())
  if (most >= majorityOf(configuration)) {
    const right = [...counts].find(([, count]) => count === most)?.[0]
    if (right === own) return
    s.halted = `the log up to ${index} is not that of the majority`
    return s.out.emit({ type: 'diverged', index, peerId: s.options.me.peerId })
  }
  if (hashes.size < configuration.voters.length) return
  s.halted = `the voters have ${counts.size} different logs up to ${index}, and no majority has the same`
  s.out.emit({ type: 'fatal', reason: s.halted })
}

/** On a tick: an audit that has not ended may begin again with the next heartbeat. */
export function forgetAudit(s: State): void {
  if (s.audit !== undefined && s.now - s.audit.at >= s.options.timing.electionTimeout) s.audit = undefined
}
