import { defineCell, defineMap, defineOnce, definePriorityQueue, defineSet, defineVec, groupKey } from '@mosaik/node'
import type { Group, MapWriter, Network } from '@mosaik/node'
import { byHand } from './by-hand.ts'
import { BATCH, ENTRY_BYTES, keyOf, rounds, textOf, valueOf } from './entries.ts'
import type { Entry } from './entries.ts'
import type { Calls } from './load.ts'
import { stateMachine } from './state.ts'

/** Of each of them. */
export const MEMBERS = 3
const PRIORITIES = 1_000
const OPTIONS = { consensus: { preset: 'fast', minMembers: MEMBERS } } as const
/** Around the entry in a command: the name of the method, and the head of the list. */
const COMMAND_BYTES = ENTRY_BYTES + 8

export const Entries = defineMap<string, string>('bench', undefined, OPTIONS)

/** Something replicated that is written to. */
export interface Store {
  readonly group: Pick<Group<never, never, never, never>, 'members' | 'when' | 'isLeader'>
  readonly calls: Calls
}

const open = {
  Map: (network: Network) => mapStore(network.collections.writer(Entries)),
  Vec: (network: Network) => {
    const vec = network.collections.writer(defineVec<string>('bench.vec', undefined, OPTIONS))
    const { one, many } = rounds(textOf)
    return { group: vec.group, calls: { write: () => vec.pushBack(one()), batch: () => vec.extend(many()) } }
  },
  Set: (network: Network) => {
    const set = network.collections.writer(defineSet<string>('bench.set', undefined, OPTIONS))
    const { one, many } = rounds(textOf)
    return { group: set.group, calls: { write: () => set.insert(one()), batch: () => set.extend(many()) } }
  },
  Cell: (network: Network) => {
    const cell = network.collections.writer(defineCell<string>('bench.cell', undefined, OPTIONS))
    const { one } = rounds(textOf)
    return { group: cell.group, calls: { write: () => cell.write(one()) } }
  },
  Once: (network: Network) => {
    const once = network.collections.writer(defineOnce<string>('bench.once', undefined, OPTIONS))
    const { one } = rounds(textOf)
    return { group: once.group, calls: { write: () => once.write(one()) } }
  },
  PriorityQueue: (network: Network) => {
    const queue = network.collections.writer(definePriorityQueue<number, string, string>('bench.queue', undefined, OPTIONS))
    const { one, many } = rounds((n) => [n % PRIORITIES, keyOf(n), valueOf(n)] as const)
    return { group: queue.group, calls: { write: () => queue.insert(...one()), batch: () => queue.extend(many()) } }
  },
  /** A group's own command of the same size with the same work behind it. */
  'by hand': (network: Network) => {
    const group = network.groups.join({ key: groupKey('bench by hand'), ...OPTIONS, machine: byHand() })
    const { one, many } = rounds((n): Entry => [keyOf(n), valueOf(n)])
    return { group, calls: { write: () => group.execute([one()]), batch: () => group.execute(many()) } }
  },
  /** A group's own command of the same size, which is only counted. */
  bytes: (network: Network) => {
    const group = network.groups.join({ key: groupKey('bench bytes'), ...OPTIONS, machine: stateMachine({ count: 0, values: [] }) })
    const single = new Uint8Array(COMMAND_BYTES).fill(7)
    const batch = new Uint8Array(BATCH * ENTRY_BYTES).fill(7)
    return { group, calls: { write: () => group.execute(single), batch: () => group.execute(batch) } }
  },
} satisfies Record<string, (network: Network) => Store>

export type StoreName = keyof typeof open

export const openStore = (network: Network, name: StoreName): Store => open[name](network)

function mapStore(map: MapWriter<string, string>): Store {
  const { one, many } = rounds((n): Entry => [keyOf(n), valueOf(n)])
  return { group: map.group, calls: { write: () => map.insert(...one()), batch: () => map.extend(many()) } }
}
