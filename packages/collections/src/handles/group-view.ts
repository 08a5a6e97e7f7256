import type { Group } from '@mosaik/raft'
import type { CollectionGroup } from '../types/index.ts'

/** A group without what writes to it or ends it. */
export function groupView<Command, Query, Result, Reply>(group: Group<Command, Query, Result, Reply>): CollectionGroup {
  return {
    get id() {
      return group.id
    },
    get lineage() {
      return group.lineage
    },
    get leader() {
      return group.leader
    },
    get isLeader() {
      return group.isLeader
    },
    get isOnline() {
      return group.isOnline
    },
    get term() {
      return group.term
    },
    committed: group.committed,
    position: group.position,
    members: group.members,
    bonds: group.bonds,
    when: group.when,
    status: () => group.status(),
    events: (options) => group.events(options),
  }
}
