import { peerIdOf, secretKey } from '@mosaik/node'
import type { JoinOptions } from '@mosaik/node'
import { loadavg } from 'node:os'
import { EtcdClient } from '../../peers/etcd-client.ts'
import { EtcdCluster, hasEtcd } from '../../peers/etcd.ts'
import type { EtcdTiming } from '../../peers/etcd.ts'
import { hasNats, JetStreamCluster } from '../../peers/jetstream.ts'
import { until } from '../../peers/until.ts'
import { pause } from '../../pause.ts'
import { freeUdpPorts } from '../../ports.ts'
import { now } from '../../roles/role.ts'
import { startChild } from '../../child.ts'
import type { Child } from '../../child.ts'
import { fixed, median, quantile } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Bench } from '../../table.ts'
import { ETCD, GROUPS, NATS, roomFor } from './contenders.ts'
import { goal } from './goals.ts'
import { Members, startMembers } from './members.ts'

const MEMBERS = 3
const PROBE_MS = 10
const SETTLE_MS = 500
const BACK_MS = 60_000
/** After a polite leave: whatever it costs has shown by then. */
const LEAVE_MS = 3_000
/** So many clusters at once: they wait most of the time. */
const SIDE_BY_SIDE = 4
const TUNED: EtcdTiming = { heartbeatMs: 10, electionMs: 100 }
/** Default timing; who founds waits for three, as etcd does. */
const DEFAULT: JoinOptions['consensus'] = { minMembers: MEMBERS }
/** As etcd's tuned: a beat of 10 ms, and a leader is missed after 100. */
const QUICK: JoinOptions['consensus'] = {
  ...{ minMembers: MEMBERS, heartbeatInterval: '10ms', heartbeatJitter: 3, maxMissedHeartbeats: 10 },
  ...{ electionTimeout: '100ms', electionJitter: '100ms', bootstrapDelay: '100ms' },
}

type Trial = (row: string) => Promise<number>

export const coldStart: Bench = {
  title: 'Groups: from nothing to the first write',
  async run({ runs }) {
    const load = loadavg()[0] ?? NaN
    const { all, rows } = await measured(this.title, runs, 1, {
      [`${GROUPS}, default timing`]: (row) => beginning(row, DEFAULT),
      [`${GROUPS}, fast`]: (row) => beginning(row, { preset: 'fast', minMembers: MEMBERS }),
      ...(hasEtcd && { [`${ETCD}, default timing`]: () => etcdBeginning(), [`${ETCD}, tuned`]: () => etcdBeginning(TUNED) }),
      ...(hasNats && { [NATS]: natsBeginning }),
    })
    const ratio = medianOf(all, `${GROUPS}, default timing`) / medianOf(all, `${ETCD}, default timing`)
    return {
      title: this.title,
      head: ['three processes started at once', 'ms, median', 'least', 'most'],
      rows,
      goals: [goal('less', 'B6 ÷ etcd, default timing', ratio, [1.2, 0.5, 0.3])],
      note: `${runs} runs; from the start of the first process to the acknowledgement of a write. Load before the start ${fixed(load, 2)}.`,
    }
  },
}

export const failOver: Bench = {
  title: 'Groups: the leader dies, or leaves',
  async run({ runs, trials }) {
    const load = loadavg()[0] ?? NaN
    const died = await measured(this.title, trials, SIDE_BY_SIDE, {
      [`${GROUPS}, default timing`]: (row) => death(row, DEFAULT),
      [`${GROUPS}, 10 / 100 ms`]: (row) => death(row, QUICK),
      ...(hasEtcd && {
        [`${ETCD}, 100 / 1000 ms`]: (row: string) => etcdDeath(row),
        [`${ETCD}, 10 / 100 ms`]: (row: string) => etcdDeath(row, TUNED),
      }),
    })
    const others = await measured(this.title, Math.min(runs, trials), SIDE_BY_SIDE, {
      ...(hasNats && { [`${NATS}, memory`]: natsDeath }),
      [`${GROUPS}, default timing, polite leave`]: leave,
      ...(hasEtcd && { [`${ETCD}, 100 / 1000 ms, SIGTERM`]: etcdLeave }),
    })
    const [ours, oursQuick] = [medianOf(died.all, `${GROUPS}, default timing`), medianOf(died.all, `${GROUPS}, 10 / 100 ms`)]
    return {
      title: this.title,
      head: ['three members', 'ms, median', 'least', 'most'],
      rows: [...died.rows, ...others.rows],
      goals: [
        goal('less', 'B7 default ÷ etcd, default', ours / medianOf(died.all, `${ETCD}, 100 / 1000 ms`), [1, 0.4]),
        goal('less', 'B7 10 / 100 ms ÷ etcd, the same', oursQuick / medianOf(died.all, `${ETCD}, 10 / 100 ms`), [undefined, 1.3, 1]),
        goal('less', 'B7 polite leave', medianOf(others.all, `${GROUPS}, default timing, polite leave`), [undefined, 50], ' ms'),
      ],
      note: `${trials} trials, ${SIDE_BY_SIDE} clusters at a time (polite leaves and NATS: ${Math.min(runs, trials)}). A survivor issues a write every ${PROBE_MS} ms: from SIGKILL to the acknowledgement of the first one issued after it; of polite leaves, the longest time without an acknowledgement. Load before the start ${fixed(load, 2)}.`,
    }
  },
}

const medianOf = (all: ReadonlyMap<string, readonly number[]>, name: string): number => median(all.get(name) ?? [])

/** Each trial in turn with the others, some at once; who fails once has no figure. */
async function measured(
  title: string,
  trials: number,
  atOnce: number,
  contenders: Readonly<Record<string, Trial>>,
): Promise<{ readonly all: ReadonlyMap<string, readonly number[]>; readonly rows: string[][] }> {
  const all = new Map<string, number[]>()
  const out = new Set<string>()
  for (let done = 0; done < trials; done += atOnce) {
    for (const [name, trial] of Object.entries(contenders)) {
      if (out.has(name)) continue
      try {
        const results = await Promise.all(Array.from({ length: Math.min(atOnce, trials - done) }, () => trial(`${title}, ${name}`)))
        all.set(name, [...(all.get(name) ?? []), ...results])
        progress(`  ${name}: ${results.map((ms) => ms.toFixed(0)).join('  ')} ms`)
      } catch (error) {
        failed(error)
        out.add(name)
        all.delete(name)
      }
    }
  }
  const rows = [...all].map(([name, results]) => {
    const sorted = results.toSorted((a, b) => a - b)
    return [name, ...[median(results), quantile(sorted, 0), quantile(sorted, 1)].map((ms) => fixed(ms, 0))]
  })
  return { all, rows }
}

async function beginning(row: string, consensus: JoinOptions['consensus']): Promise<number> {
  const ports = await freeUdpPorts(MEMBERS)
  const keys = ports.map((_, n) => `bench ${n}`)
  const listen = ports.map((port) => `/ip4/127.0.0.1/udp/${port}/quic-v1`)
  const bootstrap = listen.map((address, n) => `${address}/p2p/${peerIdOf(secretKey(keys[n] as string))}`)
  await using members = new Members(row)
  const begun = now()
  const [first] = ports.map((_, n) =>
    members.start({ bootstrap, listen: listen[n] as string, secretKey: keys[n] as string, consensus, writes: n === 0 }),
  ) as [Child]
  return (await first.next<{ at: number }>('written')).at - begun
}

async function etcdBeginning(timing?: EtcdTiming): Promise<number> {
  const begun = now()
  await using cluster = await EtcdCluster.start(roomFor('memory'), timing)
  const { port } = cluster.members[0] as { readonly port: number }
  await until('a first write of etcd', async () => {
    const client = new EtcdClient(port)
    try {
      await client.put(Buffer.from('key'), Buffer.alloc(256), 1_000)
      return true
    } finally {
      client.close()
    }
  })
  return now() - begun
}

async function natsBeginning(): Promise<number> {
  const begun = now()
  await using cluster = await JetStreamCluster.start(roomFor('memory'), 'memory')
  await cluster.roles()
  return now() - begun
}

async function death(row: string, consensus: JoinOptions['consensus']): Promise<number> {
  await using members = await startMembers(row, () => ({ consensus }))
  const { leader, follower } = await members.roles()
  return await outage(follower, () => leader.kill())
}

async function leave(row: string): Promise<number> {
  await using members = await startMembers(row, () => ({ consensus: DEFAULT }))
  const { leader, follower } = await members.roles()
  return await gap(follower, () => leader.tell({ type: 'leave' }))
}

async function etcdDeath(row: string, timing?: EtcdTiming): Promise<number> {
  await using cluster = await EtcdCluster.start(roomFor('memory'), timing)
  const { leader, follower } = await cluster.roles()
  return await withCaller(row, 'etcd-load', follower.port, (caller) => outage(caller, () => leader.process.kill('SIGKILL')))
}

async function etcdLeave(row: string): Promise<number> {
  await using cluster = await EtcdCluster.start(roomFor('memory'))
  const { leader, follower } = await cluster.roles()
  return await withCaller(row, 'etcd-load', follower.port, (caller) => gap(caller, () => leader.process.kill('SIGTERM')))
}

async function natsDeath(row: string): Promise<number> {
  await using cluster = await JetStreamCluster.start(roomFor('memory'), 'memory')
  const { leader, follower } = await cluster.roles()
  return await withCaller(row, 'jetstream-load', follower.port, (caller) => outage(caller, () => leader.process.kill('SIGKILL')))
}

async function withCaller(row: string, role: string, port: number, work: (caller: Child) => Promise<number>): Promise<number> {
  const caller = startChild(row, role, { port })
  try {
    await caller.next('ready')
    return await work(caller)
  } finally {
    await caller.stop()
  }
}

/** From the deed to the first acknowledgement of a write that was issued after it. */
async function outage(caller: Child, kill: () => void): Promise<number> {
  caller.tell({ type: 'probe', everyMs: PROBE_MS })
  await pause(SETTLE_MS)
  const at = now()
  kill()
  caller.tell({ type: 'mark', at })
  return (await caller.next<{ at: number }>('marked', BACK_MS)).at - at
}

/** The longest time without an acknowledgement around the deed. */
async function gap(caller: Child, deed: () => void): Promise<number> {
  caller.tell({ type: 'probe', everyMs: PROBE_MS })
  await pause(SETTLE_MS)
  const since = now()
  deed()
  await pause(LEAVE_MS)
  caller.tell({ type: 'gap', since })
  return (await caller.next<{ ms: number }>('gap')).ms
}
