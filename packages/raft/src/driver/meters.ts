import { MosaikError, shortId } from '@mosaik/core'
import type { Clock, Counter, Gauge, GroupId, Histogram, Labels, Metrics, NetworkId, PeerId } from '@mosaik/core'
import type { Role } from '../logic/effects.ts'
import type { State } from '../logic/state.ts'
import type { Index } from '../logic/types.ts'
import { lagOf, membersOf } from './members.ts'
import { Probes } from './probes.ts'
import type { SnapshotCounts } from './snapshot-exchange.ts'

const PREFIX = 'mosaik.groups'
const ROLES: readonly Role[] = ['follower', 'pre-candidate', 'candidate', 'leader']
const MS_PER_SECOND = 1_000

/** As it is at the moment. */
export interface Facts {
  readonly state: Readonly<State>
  readonly sessions: number
  readonly calls: number
  readonly reads: number
  readonly snapshots: Readonly<SnapshotCounts>
}

const GAUGES = [
  'raft.role', 'raft.online', 'raft.term', 'raft.committed', 'raft.applied', 'raft.lag', 'raft.log.entries', 'raft.log.bytes',
  'raft.sessions', 'raft.committee.voters', 'raft.committee.non_voters', 'raft.committee.observers', 'raft.committee.size',
  'calls.waiting', 'queries.waiting',
] as const // prettier-ignore
type GaugeName = (typeof GAUGES)[number]

/** What one group of this node counts; the names are those of the README's table. */
export class GroupMeters {
  /** From a write of the leader's to its commit. */
  readonly commits: Probes
  /** From handing proposals to the leader to its answer. */
  readonly forwards: Probes
  /** From a strong query to its result. */
  readonly reads: Probes
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #labels: Labels
  readonly #gauges: ReadonlyMap<GaugeName, Gauge>
  readonly #applied: Histogram
  readonly #counters = new Map<string, Counter>()
  /** What has been told of counts that are kept elsewhere. */
  readonly #told = new Map<string, number>()
  #leader: PeerId | undefined
  #state: Readonly<State> | undefined
  #cancel: (() => void) | undefined

  constructor(metrics: Metrics, clock: Clock, network: NetworkId, group: GroupId) {
    this.#metrics = metrics
    this.#clock = clock
    this.#labels = { network: shortId(network), group: shortId(group) }
    this.#gauges = new Map(GAUGES.map((name) => [name, metrics.gauge(`${PREFIX}.${name}`, this.#labels)]))
    const probes = (name: string): Probes => new Probes(clock, metrics.histogram(`${PREFIX}.${name}`, this.#labels))
    this.commits = probes('raft.commit.seconds')
    this.forwards = probes('raft.forward.seconds')
    this.reads = probes('raft.read.seconds')
    this.#applied = metrics.histogram(`${PREFIX}.raft.apply.seconds`, this.#labels)
  }

  /** The machine has applied a batch of entries. */
  appliedSince(began: number): void {
    this.#applied.observe((this.#clock.monotonic() - began) / MS_PER_SECOND)
  }

  role(role: Role): void {
    if (role === 'candidate') this.count('raft.elections')
    if (role !== 'leader') this.commits.forget()
  }

  /** Who leads, or that nobody is known to. */
  led(leader: PeerId | undefined): void {
    this.forwards.forget()
    if (leader !== undefined && leader !== this.#leader) this.count('raft.leader.changes')
    this.#leader = leader ?? this.#leader
  }

  /** A call was refused, or has come to nothing. */
  failed(call: 'command' | 'query', error: unknown): void {
    const code = MosaikError.is(error) ? error.code : 'aborted'
    this.#metrics.counter(`${PREFIX}.calls.failed`, { ...this.#labels, call, code }).add()
  }

  /** Something rare has happened. */
  count(name: string, n = 1): void {
    if (n === 0) return
    let counter = this.#counters.get(name)
    if (counter === undefined) {
      counter = this.#metrics.counter(`${PREFIX}.${name}`, this.#labels)
      this.#counters.set(name, counter)
    }
    counter.add(n)
  }

  /** Takes down how it is, now and when somebody looks before the next time. */
  watch(facts: () => Facts | undefined): void {
    const look = (): void => {
      this.#cancel = undefined
      const found = facts()
      if (found !== undefined) this.#take(found)
    }
    this.#cancel?.()
    look()
    this.#cancel = this.#metrics.beforeText?.(look)
  }

  /** Nothing is there any more. */
  close(): void {
    this.#cancel?.()
    for (const gauge of this.#gauges.values()) gauge.set(0)
  }

  #take({ state, sessions, calls, reads, snapshots }: Facts): void {
    const { log } = state
    const members = membersOf(state)
    const voters = members.filter(({ standing }) => standing === 'voter').length
    const observers = members.filter(({ standing }) => standing === 'observer').length
    const values: Record<GaugeName, number> = {
      'raft.role': ROLES.indexOf(state.role),
      'raft.online': state.leader === undefined ? 0 : 1,
      'raft.term': state.term,
      'raft.committed': state.commit,
      'raft.applied': state.applied,
      'raft.lag': largestLag(state),
      'raft.log.entries': log.lastIndex - log.base.index,
      'raft.log.bytes': log.bytesBetween(log.base.index, log.lastIndex),
      'raft.sessions': sessions,
      'raft.committee.voters': voters,
      'raft.committee.non_voters': members.length - voters,
      'raft.committee.observers': observers,
      'raft.committee.size': members.length,
      'calls.waiting': calls,
      'queries.waiting': reads,
    }
    for (const [name, gauge] of this.#gauges) gauge.set(values[name])
    // Each life of the member counts its own.
    if (state !== this.#state) this.#told.delete('raft.ignored')
    this.#state = state
    this.#tell('raft.ignored', state.ignored)
    this.#tell('snapshots.taken', snapshots.taken)
    this.#tell('snapshots.installed', snapshots.installed)
    this.#tell('snapshots.bytes.served', snapshots.bytesServed)
    this.#tell('snapshots.bytes.fetched', snapshots.bytesFetched)
    this.#tell('snapshots.parts.refused', snapshots.partsRefused)
  }

  #tell(name: string, total: number): void {
    this.count(name, total - (this.#told.get(name) ?? 0))
    this.#told.set(name, total)
  }
}

/** Entries that the member which is farthest behind lacks, as the leader knows it; 0 elsewhere. */
function largestLag(state: Readonly<State>): Index {
  let largest = 0
  for (const peer of state.peers.values()) largest = Math.max(largest, lagOf(state, peer) ?? 0)
  return largest
}
