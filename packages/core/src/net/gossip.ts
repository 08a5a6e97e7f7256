import type { PeerId } from '../id/types.ts'
import type { Watch } from '../async/watch.ts'

/** Largest gossip message. Gossip carries small control news; details are pulled over links. */
export const MAX_GOSSIP_BYTES: number = 64 * 1024

/** What to do with a received message: hand it on, drop it quietly, or drop it and hold it against its sender. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** Best-effort broadcast to everyone who joined a topic, over the connections there are. */
export interface Gossip {
  /**
   * Joins a topic. `receive` runs once per message of others (duplicates by content are filtered for about two
   * minutes) and decides whether it travels on. It must not throw. Throws `ERR_ALREADY_EXISTS` when joined already.
   */
  join(topic: string, receive: (data: Uint8Array, from: PeerId) => GossipVerdict): GossipTopic
}

export interface GossipTopic {
  /** Connected peers that have joined the topic too. */
  readonly neighbours: Watch<ReadonlySet<PeerId>>
  /** Sends to everyone; lost when there is no neighbour. Throws `ERR_TOO_LARGE` above `MAX_GOSSIP_BYTES`. */
  publish(data: Uint8Array): void
  leave(): void
}
