import type { PeerId } from '@mosaik/core'
import { committedCursor } from './state.ts'
import type { State } from './state.ts'
import type { LineageFacts } from './lineage.ts'

/** What the own lineage can say for itself. */
export function factsOf(s: State): LineageFacts | undefined {
  if (s.lineage === undefined) return undefined
  return { ...s.lineage, commands: s.log.commandsUpTo(s.commit), entries: s.commit, quorum: s.leader !== undefined }
}

/** Introduces this node to a member. */
export function sendHello(s: State, to: PeerId): void {
  const { preference, durable } = s.options
  const origin = factsOf(s)
  const { last, configuration } = s.log
  const led = s.leader !== undefined
  s.out.send(to, { type: 'hello', preference, durable, origin, last, committed: committedCursor(s), led, configuration })
}

export function sendHellos(s: State): void {
  for (const peerId of s.peers.keys()) sendHello(s, peerId)
}
