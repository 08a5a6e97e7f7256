import { loadavg } from 'node:os'
import { fixed, median, short } from '../../stats.ts'
import type { Bench, Goal, Settings, Table } from '../../table.ts'
import { goal } from './goals.ts'
import { contenders, ECHO, ETCD, floors, GROUPS, NATS, QUIC_CEILING, sayWhoIsMissing, TLS_CEILING } from './contenders.ts'
import { inTurn } from './measure.ts'
import type { Case, Results, Sample } from './measure.ts'

const write = (concurrency: number): Case => ({ name: `write, ${concurrency} at once`, what: 'write', at: 'leader', concurrency })
const WRITES = [write(1), write(64), write(1_024)] as const
const [ONE, MANY, FLOOD] = WRITES.map(({ name }) => name) as [string, string, string]
const AT_FOLLOWER = 'write at a follower, 1 at once'
const READ = 'strong read, 1 at once'
const READS = 'strong read, 64 at once'
const FOLLOWER_READS = 'strong read at a follower, 64 at once'
const STALE = 'weak read, 64 at once'

const MEMORY_CASES: readonly Case[] = [
  ...WRITES,
  { name: AT_FOLLOWER, what: 'write', at: 'follower', concurrency: 1 },
  { name: READ, what: 'read', at: 'leader', concurrency: 1 },
  { name: READS, what: 'read', at: 'leader', concurrency: 64 },
  { name: FOLLOWER_READS, what: 'read', at: 'follower', concurrency: 64 },
  { name: STALE, what: 'stale', at: 'leader', concurrency: 64 },
]

const rateOf = ({ rate }: Sample): number => rate
const p50Of = ({ p50 }: Sample): number => p50
const p99Of = ({ p99 }: Sample): number => p99
const cpuOf = ({ cpu }: Sample): number => cpu

/** Group rows are many: each takes half of what a row of flows takes. */
export const halved = ({ runs, ms }: Settings): { readonly runs: number; readonly ms: number } => ({ runs, ms: ms / 2 })

export const inMemory: Bench = {
  title: 'Groups: writes and reads, in memory',
  async run(settings) {
    sayWhoIsMissing()
    const load = loadavg()[0] ?? NaN
    const all = { ...contenders('memory'), ...floors() }
    const casesOf = (name: string): readonly Case[] => {
      if (name === ECHO) return [write(1)]
      if (name === QUIC_CEILING || name === TLS_CEILING) return WRITES
      return name === NATS ? MEMORY_CASES.filter(({ what }) => what !== 'read') : MEMORY_CASES
    }
    const results = await inTurn(this.title, all, casesOf, halved(settings))
    return table(this.title, results, MEMORY_CASES, memoryGoals(results), conditions(settings, load, results))
  },
}

export const onDisk: Bench = {
  title: 'Groups: durable writes',
  async run(settings) {
    const load = loadavg()[0] ?? NaN
    const results = await inTurn(this.title, contenders('disk'), () => WRITES, halved(settings))
    const note = `${conditions(settings, load, results)} Acknowledged after a sync at a majority; NATS syncs every two minutes.`
    return table(this.title, results, WRITES, diskGoals(results), note)
  },
}

/** What a reader needs to know of how the figures came about. */
export function conditions({ runs, ms }: Settings, load: number, { foreign }: Pick<Results, 'foreign'>): string {
  const others =
    foreign.length === 0 ? '' : `, others kept ${fixed(median(foreign), 2)} cores busy (at most ${fixed(Math.max(...foreign), 2)})`
  return `${runs} runs of ${ms / 2_000} s each; load before the start ${fixed(load, 2)}${others}.`
}

function table(title: string, results: Results, cases: readonly Case[], goals: readonly Goal[], note: string): Table {
  const rows = cases.flatMap(({ name }) =>
    results.contenders
      .filter((contender) => results.has(contender, name))
      .map((contender) => [
        name,
        contender,
        short(results.mid(contender, name, rateOf)),
        fixed(results.mid(contender, name, p50Of), 3),
        fixed(results.mid(contender, name, p99Of), 3),
        fixed(results.mid(contender, name, cpuOf), 1),
        fixed(contender === GROUPS ? NaN : results.ratio([GROUPS, name], [contender, name], rateOf), 2),
      ]),
  )
  return {
    title,
    head: ['three processes, 256 B', '', 'calls/s', 'p50 ms', 'p99 ms', 'CPU µs/call, all', 'groups ÷ this'],
    rows,
    goals,
    note,
  }
}

function memoryGoals(results: Results): Goal[] {
  const ratio = (name: string, peer: string, of = rateOf): number => results.ratio([GROUPS, name], [peer, name], of)
  const trips = (name: string): number => results.ratio([GROUPS, name], [ECHO, ONE], p50Of)
  const best = (name: string): number => Math.min(...[ETCD, NATS].map((peer) => ratio(name, peer)).filter((value) => !Number.isNaN(value)))
  return [
    goal('less', 'B1a write, 1 at once: p50 ÷ round trip', trips(ONE), [2.5, 1.6, 1.25]),
    goal('more', 'B1a ÷ etcd', ratio(ONE, ETCD), [1.5, 3]),
    goal('more', 'B1b write, 64 at once ÷ etcd', ratio(MANY, ETCD), [3, 8, 15]),
    goal('more', 'B1b ÷ best peer', best(MANY), [1.2, 3]),
    goal('more', 'B1b ÷ bare replication over TLS', ratio(MANY, TLS_CEILING), [undefined, undefined, 0.6]),
    goal('more', 'B1c write, 1024 at once ÷ etcd', ratio(FLOOD, ETCD), [4, 12, 25]),
    goal('less', "B1c p99 ÷ etcd's", ratio(FLOOD, ETCD, p99Of), [0.5, 0.25, 0.1]),
    goal('less', 'B1d write at a follower: p50 ÷ round trip', trips(AT_FOLLOWER), [3.5, 2.6, 2.2]),
    goal('less', 'B3 strong read, 1 at once: p50 ÷ round trip', trips(READ), [undefined, 1.3]),
    goal('more', 'B3 strong read, 64 at once ÷ etcd', ratio(READS, ETCD), [3, 10, 20]),
    goal('more', 'B3 at a follower ÷ etcd', ratio(FOLLOWER_READS, ETCD), [3, 10, 20]),
    goal('more', 'B3 weak reads/s', results.mid(GROUPS, STALE, rateOf), [undefined, undefined, 3e6]),
  ]
}

function diskGoals(results: Results): Goal[] {
  const ratio = (name: string): number => results.ratio([GROUPS, name], [ETCD, name], rateOf)
  return [
    goal('more', 'B2 write, 1 at once ÷ etcd', ratio(ONE), [1.1, 1.4, 1.8]),
    goal('more', 'B2 write, 64 at once ÷ etcd', ratio(MANY), [2, 5, 9]),
    goal('more', 'B2 write, 1024 at once ÷ etcd', ratio(FLOOD), [undefined, 12, 25]),
  ]
}
