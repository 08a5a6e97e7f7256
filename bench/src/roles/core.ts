import { seededPrng, uniqueId } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { createCore } from '../../../packages/raft/src/logic/core.ts'
import type { Core } from '../../../packages/raft/src/logic/core.ts'
import type { Effect } from '../../../packages/raft/src/logic/effects.ts'
import type { Entry, EntryData } from '../../../packages/raft/src/logic/entry.ts'
import type { Event } from '../../../packages/raft/src/logic/events.ts'
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../../../packages/raft/src/logic/options.ts'
import { readyMade, tell } from './role.ts'

// Three cores in one process, with function calls for a network and a disk that is done at once: what the decisions alone cost.

const NAMES = ['a', 'b', 'c']
const TICK_EVERY = 64
const LINEAGE = uniqueId('bench')

interface Node {
  readonly name: string
  readonly core: Core
  readonly queue: Event[]
  applied: number
}

/** Answers entries per second for each batch size. */
export async function run({ batches, ms }: { readonly batches: readonly number[]; readonly ms: number }): Promise<void> {
  const cluster = new Map(NAMES.map((name) => [name, founded(name)]))
  const leader = elect(cluster)
  for (const batch of batches) measure(cluster, leader, batch, ms / 2) // warm
  tell({ type: 'measured', rates: batches.map((batch) => measure(cluster, leader, batch, ms)) })
}

function founded(name: string): Node {
  const voters = NAMES.map((each) => ({ peerId: each as PeerId, incarnation: '1', durable: false }))
  const founder = { peerId: 'a' as PeerId, incarnation: '1' }
  const entries: Entry[] = [{ index: 1, term: 1, data: { kind: 'founding', lineage: LINEAGE, founder, configuration: { voters } } }]
  const options = {
    me: { peerId: name as PeerId, incarnation: '1' },
    groupId: LINEAGE,
    preference: 'normal' as const,
    durable: false,
    timing: DEFAULT_TIMING,
    maxVoters: 5,
    minMembers: 1,
    limits: DEFAULT_LIMITS,
  }
  const hardState = { lineage: { id: LINEAGE }, term: 1, vote: undefined, commit: 1 }
  return { name, core: createCore(options, seededPrng(name), { hardState, snapshot: undefined, entries }), queue: [], applied: 0 }
}

function elect(cluster: ReadonlyMap<string, Node>): Node {
  const all = [...cluster.values()]
  for (const one of all) {
    for (const other of all) if (one !== other) step(cluster, one, { type: 'bond-up', member: other.core.state.options.me })
  }
  rest(cluster)
  const [first] = all as [Node]
  while (first.core.state.role !== 'leader') {
    step(cluster, first, { type: 'tick', elapsed: DEFAULT_TIMING.heartbeatInterval })
    rest(cluster)
  }
  return first
}

function step(cluster: ReadonlyMap<string, Node>, node: Node, event: Event): void {
  for (const effect of node.core.step(event)) carryOut(cluster, node, effect)
}

function carryOut(cluster: ReadonlyMap<string, Node>, node: Node, effect: Effect): void {
  if (effect.type === 'persist') node.queue.push({ type: 'stored', write: effect.write })
  else if (effect.type === 'send') {
    cluster.get(effect.to)?.queue.push({ type: 'message', from: node.name as PeerId, message: effect.message })
  } else if (effect.type === 'apply') {
    node.applied += effect.entries.length
    node.queue.push({ type: 'applied', index: effect.entries.at(-1)?.index ?? 0 })
  } else if (effect.type === 'take-snapshot') node.queue.push({ type: 'snapshot-taken', index: effect.snapshot.index, root: 'root' })
}

/** Until nobody has anything left to do. */
function rest(cluster: ReadonlyMap<string, Node>): void {
  for (let isBusy = true; isBusy;) {
    isBusy = false
    for (const node of cluster.values()) {
      const events = node.queue.splice(0)
      if (events.length > 0) isBusy = true
      for (const event of events) step(cluster, node, event)
    }
  }
}

function measure(cluster: ReadonlyMap<string, Node>, leader: Node, batch: number, ms: number): number {
  const payload = readyMade()
  const begun = performance.now()
  const before = leader.applied
  let number = 0
  for (let rounds = 1; performance.now() - begun < ms; rounds += 1) {
    const proposals = new Array<{ id: number; data: EntryData & { kind: 'commands' } }>(batch)
    for (let i = 0; i < batch; i += 1) {
      proposals[i] = { id: i, data: { kind: 'commands', session: 's', number: number++, lowWater: 0, payloads: [payload()] } }
    }
    step(cluster, leader, { type: 'propose', proposals })
    rest(cluster)
    if (rounds % TICK_EVERY === 0) for (const node of cluster.values()) step(cluster, node, { type: 'tick', elapsed: 10 })
  }
  return (leader.applied - before) / ((performance.now() - begun) / 1_000)
}
