import { deadline, MosaikError } from '@mosaik/core'
import type { Clock, PeerId, Watch } from '@mosaik/core'
import type { Member } from '../types.ts'

const HANDOVER_MS = 15_000

export interface HandoverInit {
  readonly clock: Clock
  readonly leader: Watch<PeerId | undefined>
  readonly members: Watch<readonly Member[]>
  /** Between two tries, ms. */
  readonly pause: number
  readonly ask: (to: PeerId | undefined) => void
  /** What stands in the way, in words. */
  readonly missing: () => string
}

/**
 * Hands leadership to `to`, or to anybody else. Asks again while nothing comes of it: a leader that is about to change forgets
 * what it was asked. Throws `ERR_TIMEOUT`, and `ERR_INVALID_OPTION` as soon as it is known that `to` only observes.
 */
export async function handOver(to: PeerId | undefined, init: HandoverInit): Promise<void> {
  const { clock, leader, pause } = init
  const before = leader.value
  const isDone = (now: PeerId | undefined): boolean => now !== undefined && (to === undefined ? now !== before : now === to)
  if (isDone(before)) return
  const hopeless = new AbortController()
  let cancel = (): void => {}
  const ask = (): void => {
    if (to !== undefined && standingOf(to, init) === 'observer') return hopeless.abort(observes(to))
    init.ask(to)
    cancel = clock.after(pause, ask)
  }
  ask()
  try {
    const done = (signal: AbortSignal): Promise<unknown> => leader.until(isDone, { signal })
    await deadline(clock, HANDOVER_MS, done, () => tooLate(to, init), { signal: hopeless.signal })
  } finally {
    cancel()
  }
}

/** Whoever else has no vote may get one. */
function standingOf(peer: PeerId, { members }: HandoverInit): Member['standing'] | undefined {
  return members.value.find(({ peerId }) => peerId === peer)?.standing
}

function tooLate(to: PeerId | undefined, init: HandoverInit): MosaikError {
  const standing = to === undefined ? 'voter' : standingOf(to, init)
  const why = standing === 'voter' ? init.missing() : standing === undefined ? 'it is not here' : 'it has not been given a vote'
  return new MosaikError('ERR_TIMEOUT', `leadership was not handed to ${to ?? 'another member'} within ${HANDOVER_MS} ms: ${why}`)
}

function observes(peer: PeerId): MosaikError {
  return new MosaikError('ERR_INVALID_OPTION', `peer is ${peer}, which observes this group and never leads; name a voter`, { value: peer })
}
