// Entries per second through three cores in one process, with function calls for a network and a disk that is done at once:
//   node --conditions=@mosaik/source packages/raft/bench/core.ts [entries]
import { seededPrng, uniqueId } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { createCore } from '../src/logic/core.ts'
import type { Core } from '../src/logic/core.ts'
import type { Effect } from '../src/logic/effects.ts'
import type { Entry, EntryData } from '../src/logic/entry.ts'
import type { Event } from '../src/logic/events.ts'
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../src/logic/options.ts'

const total = Number(process.argv[2] ?? 500_000)
const NAMES = ['a', 'b', 'c']
const PAYLOAD = new Uint8Array(256).fill(7)

interface Node {
  readonly name: string
  readonly core: Core
  readonly queue: Event[]
  applied: number
}

function nodes(): Map<string, Node> {
  const voters = NAMES.map((name) => ({ peerId: name as PeerId, incarnation: '1', durable: false }))
  const lineage = uniqueId('bench')
  const founding: EntryData = { kind: 'founding', lineage, founder: voters[0] as (typeof voters)[0], configuration: { voters } }
  const entries: Entry[] = [{ index: 1, term: 1, data: founding }]
  const hardState = { lineage: { id: lineage }, term: 1, vote: undefined, commit: 1 }
  const made = new Map<string, Node>()
  for (const name of NAMES) {
    const options = {
      me: { peerId: name as PeerId, incarnation: '1' },
      groupId: lineage,
      preference: 'normal' as const,
      durable: false,
      timing: DEFAULT_TIMING,
      maxVoters: 5,
      minMembers: 1,
      limits: DEFAULT_LIMITS,
    }
    const core = createCore(options, seededPrng(name), { hardState, snapshot: undefined, entries })
    made.set(name, { name, core, queue: [], applied: 0 })
  }
  return made
}

const cluster = nodes()
const all = [...cluster.values()]

function run(node: Node, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.type === 'persist') node.queue.push({ type: 'stored', write: effect.write })
    else if (effect.type === 'send')
      cluster.get(effect.to)?.queue.push({ type: 'message', from: node.name as PeerId, message: effect.message })
    else if (effect.type === 'apply') {
      node.applied += effect.entries.length
      node.queue.push({ type: 'applied', index: effect.entries.at(-1)?.index ?? 0 })
    } else if (effect.type === 'take-snapshot') node.queue.push({ type: 'snapshot-taken', index: effect.snapshot.index, root: 'root' })
  }
}

function rest(): void {
  for (let isBusy = true; isBusy;) {
    isBusy = false
    for (const node of all) {
      const events = node.queue.splice(0)
      if (events.length > 0) isBusy = true
      for (const event of events) run(node, node.core.step(event))
    }
  }
}

function measure(batch: number, size: number): void {
  const leader = all.find((node) => node.core.state.role === 'leader') as Node
  const payload = PAYLOAD.subarray(0, size)
  const start = process.hrtime.bigint()
  const before = leader.applied
  let number = 0
  for (let done = 0; done < total; done += batch) {
    const proposals = new Array<{ id: number; data: EntryData & { kind: 'commands' } }>(batch)
    for (let i = 0; i < batch; i++) {
      proposals[i] = { id: i, data: { kind: 'commands', session: 's', number: number++, lowWater: 0, payloads: [payload] } }
    }
    run(leader, leader.core.step({ type: 'propose', proposals }))
    rest()
    if (done % (batch * 64) === 0) for (const node of all) run(node, node.core.step({ type: 'tick', elapsed: 10 }))
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  const rate = Math.round((leader.applied - before) / seconds)
  process.stdout.write(`batches of ${batch}, ${size} B: ${rate.toLocaleString('en')} entries/s\n`)
}

for (const one of all)
  for (const other of all) if (one !== other) run(one, one.core.step({ type: 'bond-up', member: other.core.state.options.me }))
rest()
for (let i = 0; i < 20 && !all.some((node) => node.core.state.role === 'leader'); i++) {
  run(all[0] as Node, (all[0] as Node).core.step({ type: 'tick', elapsed: 500 }))
  rest()
}
for (const size of [16, 256]) for (const batch of [1, 64, 1024]) measure(batch, size)
