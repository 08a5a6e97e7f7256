import { deadline, MosaikError } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { sample } from '../logic/schedule.ts'
import type { Announcer } from './announcer.ts'
import type { NodeContext } from './context.ts'
import type { Syncer } from './syncer.ts'

/** How long a departing node waits until its neighbours have heard it. */
const FAREWELL_MS = 500
/** Neighbours that are told one by one; the others hear it by gossip. */
const TOLD = 16

/** Says goodbye: announces the departure, and makes sure that some neighbours really have it before the node goes. */
export async function sayFarewell(node: NodeContext, announcer: Announcer, syncer: Syncer, neighbours: ReadonlySet<PeerId>): Promise<void> {
  const { clock, prng } = node.endpoint
  const statement = node.keeper.farewell()
  if (neighbours.size === 0) return
  announcer.announce(statement)
  const late = (): Error => new MosaikError('ERR_TIMEOUT', `not every neighbour has confirmed the departure within ${FAREWELL_MS} ms`)
  try {
    await deadline(
      clock,
      FAREWELL_MS,
      (signal) => Promise.allSettled(sample([...neighbours], TOLD, prng).map((peer) => syncer.tell(peer, statement, signal))),
      late,
      { signal: node.scope.signal },
    )
  } catch (error) {
    node.log.debug('%s', error instanceof Error ? error.message : error)
  }
}
