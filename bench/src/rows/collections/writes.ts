import { loadavg } from 'node:os'
import { startChild } from '../../child.ts'
import { hasRedis, RedisServer } from '../../peers/redis.ts'
import { BATCH } from '../../roles/entries.ts'
import { fixed, short } from '../../stats.ts'
import { progress } from '../../table.ts'
import type { Bench, Goal, Table } from '../../table.ts'
import { conditions, halved } from '../groups/calls.ts'
import { called, contenders, ETCD } from '../groups/contenders.ts'
import type { Contender } from '../groups/contenders.ts'
import { goal } from '../groups/goals.ts'
import { inTurn } from '../groups/measure.ts'
import type { Case, Results, Sample } from '../groups/measure.ts'
import { Keepers } from './keepers.ts'

export const MAP = 'Map'
const BY_HAND = 'group, the same by hand'
const REDIS = 'Redis, one node'

export const write = (concurrency: number): Case => ({ name: `insert, ${concurrency} at once`, what: 'write', at: 'leader', concurrency })
export const BATCHES: Case = { name: `extend of ${BATCH}, 8 at once`, what: 'batch', at: 'leader', concurrency: 8 }
const SINGLE = [write(1), write(64), write(1_024)] as const
const CASES: readonly Case[] = [...SINGLE, BATCHES]

/** What a call brings, so that all figures are of entries. */
export const entriesOf = ({ what }: Case): number => (what === 'batch' ? BATCH : 1)

export const replicatedWrites: Bench = {
  title: 'Collections: replicated writes',
  async run(settings) {
    if (!hasRedis) progress('redis-server is not installed: its rows are left out')
    const load = loadavg()[0] ?? NaN
    const casesOf = (name: string): readonly Case[] => (name === ETCD ? SINGLE : CASES)
    const results = await inTurn(this.title, everybody(), casesOf, halved(settings))
    const note = `${conditions(settings, load, results)} Entries of 100 B; etcd's have 256 B, and it has no batches of a thousand.`
    return table(this.title, results, note)
  },
}

function everybody(): Readonly<Record<string, Contender>> {
  const { [ETCD]: etcd } = contenders('memory')
  return {
    [MAP]: async (row) => (await Keepers.start(row, ['Map'])).drive('Map'),
    [BY_HAND]: async (row) => (await Keepers.start(row, ['by hand'])).drive('by hand'),
    ...(hasRedis && { [REDIS]: redis }),
    ...(etcd !== undefined && { [ETCD]: etcd }),
  }
}

const redis: Contender = async (row) => {
  const server = await RedisServer.start()
  return called(server, async () => [startChild(row, 'redis-load', { port: server.port })])
}

const rateOf = ({ rate }: Sample): number => rate
const cpuOf = ({ cpu }: Sample): number => cpu

function table(title: string, results: Results, note: string): Table {
  const rows = CASES.flatMap((each) =>
    results.contenders
      .filter((contender) => results.has(contender, each.name))
      .map((contender) => [
        each.name,
        contender,
        short(results.mid(contender, each.name, rateOf) * entriesOf(each)),
        fixed(
          results.mid(contender, each.name, ({ p50 }) => p50),
          3,
        ),
        fixed(
          results.mid(contender, each.name, ({ p99 }) => p99),
          3,
        ),
        fixed(results.mid(contender, each.name, cpuOf) / entriesOf(each), 2),
        fixed(contender === MAP ? NaN : results.ratio([MAP, each.name], [contender, each.name], rateOf), 2),
      ]),
  )
  return {
    title,
    head: ['three writers, QUIC, in memory', '', 'entries/s', 'p50 ms', 'p99 ms', 'CPU µs/entry, all', 'Map ÷ this'],
    rows,
    goals: goals(results),
    note,
  }
}

function goals(results: Results): Goal[] {
  const share = ({ name }: Case): number => results.ratio([MAP, name], [BY_HAND, name], rateOf)
  return [
    ...CASES.map((each) => goal('more', `${each.name} ÷ ${BY_HAND}`, share(each), [0.8, 0.9])),
    goal('more', `B8 ${BATCHES.name}`, results.mid(MAP, BATCHES.name, rateOf) * BATCH, [undefined, 3e5, 1e6], ' entries/s'),
  ]
}
