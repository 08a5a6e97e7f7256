import { appendOwn } from './append.ts'
import { advanceCommit } from './commit.ts'
import type { RefusalReason } from './effects.ts'
import type { ForwardAnswer, Proposal } from './messages.ts'
import type { Peer } from './peer.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** Why nothing can be appended right now. */
function obstacle(s: State): RefusalReason | undefined {
  if (s.leading === undefined) return 'no-leader'
  if (s.log.yieldIndex !== undefined) return 'yielded'
  if (s.leading.transfer !== undefined || s.closing !== undefined) return 'leaving'
  const { log } = s
  const { uncommittedEntries, uncommittedBytes } = s.options.limits
  // Others may have committed what waits for this node's disk yet, and that holds only so much.
  const settled = Math.min(s.commit, s.stored)
  if (log.lastIndex - settled >= uncommittedEntries || log.bytesBetween(settled, log.lastIndex) >= uncommittedBytes) return 'busy'
  return undefined
}

/** Sessions that may be behind with a refused proposal; of more, order is not kept. */
const MAX_REFUSING = 4_096

/** Appends it, or answers why not. */
function admit(s: State, { data, again }: Proposal): Index | RefusalReason {
  const refusing = s.leading?.refusing
  if (again === true) refusing?.delete(data.session)
  const reason = obstacle(s) ?? (refusing?.has(data.session) === true ? 'busy' : undefined)
  if (reason === undefined) return appendOwn(s, data)
  if (refusing !== undefined && refusing.size < MAX_REFUSING) refusing.add(data.session)
  return reason
}

/** Of this node: appended here, or sent to the leader. */
export function propose(s: State, proposals: readonly Proposal[]): void {
  if (s.leading === undefined && s.leader !== undefined && s.peers.has(s.leader)) {
    return s.out.send(s.leader, { type: 'forward', proposals }, 'nothing')
  }
  for (const proposal of proposals) {
    const { id } = proposal
    const fate = admit(s, proposal)
    if (typeof fate === 'number') s.out.emit({ type: 'accepted', id, index: fate, term: s.term })
    else s.out.emit({ type: 'refused', id, reason: fate })
  }
  advanceCommit(s)
}

/** Of another member. */
export function onForward(s: State, peer: Peer, proposals: readonly Proposal[]): void {
  const accepted: { id: number; index: Index }[] = []
  const refused: number[] = []
  for (const proposal of proposals) {
    const { id } = proposal
    const fate = admit(s, proposal)
    if (typeof fate === 'number') accepted.push({ id, index: fate })
    else refused.push(id)
  }
  s.out.send(peer.id.peerId, { type: 'forward-answer', accepted, refused })
}

export function onForwardAnswer(s: State, m: ForwardAnswer): void {
  for (const { id, index } of m.accepted) s.out.emit({ type: 'accepted', id, index, term: s.term })
  for (const id of m.refused) s.out.emit({ type: 'refused', id, reason: 'busy' })
}
