import type { Tag } from '@mosaik/core'
import type { PeerView } from '../types.ts'

/** A condition with its defaults filled in. */
export interface Condition {
  readonly minimumOf: number
  readonly tags: readonly Tag[]
  readonly where: ((peer: PeerView) => boolean) | undefined
}

/** What conditions look at. */
export interface Countable {
  readonly connected: boolean
  readonly peer: PeerView
}

/** Is it met by these channels? A peer whose predicate throws does not count; `onThrow` hears of it. */
export function isMet(condition: Condition, channels: Iterable<Countable>, onThrow: (error: unknown) => void): boolean {
  let missing = condition.minimumOf
  if (missing <= 0) return true
  for (const channel of channels) {
    if (channel.connected && counts(condition, channel.peer, onThrow) && --missing === 0) return true
  }
  return false
}

function counts({ tags, where }: Condition, peer: PeerView, onThrow: (error: unknown) => void): boolean {
  if (!tags.every((tag) => peer.tags.has(tag))) return false
  try {
    return where === undefined || where(peer) === true
  } catch (error) {
    onThrow(error)
    return false
  }
}
