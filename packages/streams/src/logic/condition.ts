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

/** Is it met by these channels? Throws what the application's predicate throws. */
export function isMet(condition: Condition, channels: Iterable<Countable>): boolean {
  let missing = condition.minimumOf
  if (missing <= 0) return true
  for (const channel of channels) {
    if (channel.connected && counts(condition, channel) && --missing === 0) return true
  }
  return false
}

function counts({ tags, where }: Condition, channel: Countable): boolean {
  if (tags.length === 0 && where === undefined) return true
  const peer = channel.peer
  return tags.every((tag) => peer.tags.has(tag)) && (where === undefined || where(peer) === true)
}
