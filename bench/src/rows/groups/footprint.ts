import { loadavg } from 'node:os'
import { startChild } from '../../child.ts'
import { installedWith } from '../../installed.ts'
import { pause } from '../../pause.ts'
import { EtcdCluster, hasEtcd } from '../../peers/etcd.ts'
import { hasNats, JetStreamCluster } from '../../peers/jetstream.ts'
import { memoryOf, watchCpu } from '../../processes.ts'
import { fixed, median } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Bench } from '../../table.ts'
import { ETCD, GROUPS, NATS, roomFor } from './contenders.ts'
import { goal } from './goals.ts'
import { startMembers } from './members.ts'

const SETTLE_MS = 5_000
const IDLE_MS = 10_000

interface Idle {
  /** % of a core, of one process: the mean of three. */
  readonly cpu: number
  /** MiB, of one process. */
  readonly rss: number
}

export const footprint: Bench = {
  title: 'Groups: what a node takes',
  async run({ runs }) {
    const load = loadavg()[0] ?? NaN
    const starts = await startsOf(this.title, runs)
    const all = new Map<string, Idle>()
    const contenders = {
      [GROUPS]: () => ourIdle(this.title),
      ...(hasEtcd && { [ETCD]: etcdIdle }),
      ...(hasNats && { [NATS]: natsIdle }),
    }
    for (const [name, measure] of Object.entries(contenders)) {
      try {
        const idle = await measure()
        all.set(name, idle)
        progress(`  ${name}: ${fixed(idle.cpu, 2)} % of a core, ${fixed(idle.rss, 0)} MiB`)
      } catch (error) {
        failed(error)
      }
    }
    const { ours, direct, all: packages, native, packed } = installedWith('@mosaik/node')
    const own = all.get(GROUPS)
    return {
      title: this.title,
      head: ['one of three members, idle', 'CPU, % of a core', 'RSS, MiB'],
      rows: [...all].map(([name, { cpu, rss }]) => [name, fixed(cpu, 2), fixed(rss, 0)]),
      goals: [
        goal('less', 'B11 idle', own?.cpu ?? NaN, [2, 0.5], ' %'),
        goal('less', 'B11 RSS', own?.rss ?? NaN, [120, 80], ' MiB'),
        goal('less', 'B11 start of a process until it listens', median(starts), [undefined, 150], ' ms'),
        goal('less', 'B11 dependencies of our packages', direct, [undefined, 10]),
        goal('less', 'B11 native packages', native, [undefined, undefined, 0]),
      ],
      note: `@mosaik/node brings ${ours} packages of ours (${fixed(packed / 1024, 0)} KiB packed) and ${packages} of others, ${native} of them for this platform alone; ours name ${direct} of them. Idle for ${IDLE_MS / 1_000} s with default timing; the start is the median of ${runs}. Load before the start ${fixed(load, 2)}.`,
    }
  },
}

async function startsOf(row: string, runs: number): Promise<readonly number[]> {
  const starts: number[] = []
  for (let run = 0; run < runs; run += 1) {
    const child = startChild(row, 'group', { bootstrap: [] })
    try {
      starts.push((await child.next<{ sinceStart: number }>('listening')).sinceStart)
    } finally {
      await child.stop()
    }
  }
  return starts
}

async function ourIdle(row: string): Promise<Idle> {
  await using members = await startMembers(row, () => ({ consensus: { minMembers: 3 } }))
  await members.roles()
  return await idleOf(members.pids)
}

async function etcdIdle(): Promise<Idle> {
  await using cluster = await EtcdCluster.start(roomFor('memory'))
  await cluster.roles()
  return await idleOf(cluster.pids)
}

async function natsIdle(): Promise<Idle> {
  await using cluster = await JetStreamCluster.start(roomFor('memory'), 'memory')
  await cluster.roles()
  return await idleOf(cluster.pids)
}

async function idleOf(pids: readonly number[]): Promise<Idle> {
  await pause(SETTLE_MS)
  const used = watchCpu(pids)
  await pause(IDLE_MS)
  const { cpu, seconds } = used()
  const rss = pids.reduce((sum, pid) => sum + memoryOf(pid), 0)
  return { cpu: ((cpu / seconds) * 100) / pids.length, rss: rss / pids.length / 2 ** 20 }
}
