import type { PeerEntry } from '@mosaik/discovery'
import type { Invariant } from '../world/probe.ts'

/** Every entry that anyone shows says what its peer said at that version. */
export const truth: Invariant = {
  name: 'entries-are-genuine',
  rule: 'a signed entry is what its peer said of itself at that version (PeerEntry)',
  watch: (sim, fail) => {
    const said = new Map<string, PeerEntry>()
    const version = ({ peerId, startedAt, updatedAt }: PeerEntry): string => `${peerId} ${startedAt} ${updatedAt}`
    return {
      onCatalog: (_life, { me }) => void said.set(version(me), me),
      onEvent: (life, event) => {
        if ((event.type !== 'discovered' && event.type !== 'updated') || !event.entry.signed) return
        const { entry } = event
        const original = said.get(version(entry))
        if (original === undefined || content(original) === content(entry)) return
        fail(`${life.name} shows ${content(entry)} for ${sim.nameOf(entry.peerId)}, who said ${content(original)}`)
      },
    }
  },
}

function content({ addresses, tags, streams, groups, tickets }: PeerEntry): string {
  return JSON.stringify([
    addresses,
    [...tags].toSorted(),
    [...streams].toSorted(),
    [...groups].toSorted(),
    tickets.map(({ id }) => id).toSorted(),
  ])
}
