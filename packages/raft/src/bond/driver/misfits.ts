import type { PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { BondContext } from './context.ts'
import type { Party } from './party.ts'

/** Peers and groups of which it is remembered that they have been told of. */
const MAX_TOLD = 4096

/** Notices neighbours that have the same key, and whose groups are others nevertheless: they are likely configured differently. */
export class Misfits {
  readonly #context: BondContext
  readonly #told = new Set<string>()

  constructor(context: BondContext) {
    this.#context = context
  }

  /** `isOurs`: whether this node is in that group, too. */
  look(party: Party, { peerId, groups, hints }: PeerEntry, isOurs: (group: string) => boolean): void {
    if (hints === undefined || groups.has(party.groupId) || peerId === this.#context.endpoint.id) return
    for (const [group, hint] of hints) {
      if (hint === party.hint && !isOurs(group)) return this.#tell(party, peerId, group)
    }
  }

  #tell(party: Party, peerId: PeerId, group: string): void {
    const what = `${party.groupId} ${peerId}`
    if (this.#told.has(what)) return
    if (this.#told.size >= MAX_TOLD) this.#told.delete(this.#told.values().next().value as string)
    this.#told.add(what)
    this.#context.meters.misfits.add()
    this.#context.logger.warn(
      '%s has the key of group %s and is in group %s instead: it is likely configured differently, so the two never meet; compare the machine (name, version), consensus, sync and requireTicket',
      peerId,
      party.groupId,
      group,
    )
  }
}
