import type { PeerId } from '@mosaik/core'
import { campaign, mayStand } from './election.ts'
import type { Peer } from './peer.ts'
import { patience } from './options.ts'
import { isVoterPeer } from './state.ts'
import type { State } from './state.ts'

/** From here or, at another member, by way of the leader (th. 3.10). */
export function transferLeadership(s: State, to: PeerId | undefined): void {
  if (s.leading === undefined) {
    if (s.leader !== undefined && s.peers.has(s.leader)) s.out.send(s.leader, { type: 'transfer', to }, 'nothing')
    return
  }
  const target = to === undefined ? mostAdvanced(s) : s.peers.get(to as PeerId)
  if (target === undefined || !isVoterPeer(s, target) || target.progress === undefined) return
  s.leading.transfer = { to: target.id.peerId, until: s.now + s.options.timing.electionTimeout, sent: false }
}

/** The voter that has most, among those the gladdest to lead. */
function mostAdvanced(s: State): Peer | undefined {
  let best: Peer | undefined
  for (const peer of s.peers.values()) {
    if (peer.progress === undefined || !isVoterPeer(s, peer) || peer.isLeaving) continue
    if (s.now - peer.heardAt >= s.options.timing.electionTimeout) continue
    if (best === undefined || compare(peer, best) < 0) best = peer
  }
  return best
}

function compare(a: Peer, b: Peer): number {
  const gladness = (peer: Peer): number => patience(peer.introduction?.preference ?? 'normal')
  return gladness(a) - gladness(b) || (b.progress?.match ?? 0) - (a.progress?.match ?? 0) || (a.id.peerId < b.id.peerId ? -1 : 1)
}

/** Meanwhile nothing new is taken, so the target catches up; then it is told to stand. Given up after an election timeout. */
export function driveTransfer(s: State): void {
  const transfer = s.leading?.transfer
  if (s.leading === undefined || transfer === undefined) return
  if (s.now >= transfer.until) {
    s.leading.transfer = undefined
    return
  }
  if (transfer.sent || s.peers.get(transfer.to)?.progress?.match !== s.log.lastIndex) return
  transfer.sent = true
  s.out.send(transfer.to, { type: 'timeout-now' })
}

export function onTimeoutNow(s: State): void {
  if (mayStand(s) && s.role !== 'leader') campaign(s, true)
}
