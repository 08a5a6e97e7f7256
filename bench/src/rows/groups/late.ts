import { loadavg } from 'node:os'
import { EtcdCluster, hasEtcd } from '../../peers/etcd.ts'
import { pause } from '../../pause.ts'
import { startChild } from '../../child.ts'
import type { Child } from '../../child.ts'
import type { Closed } from '../../roles/load.ts'
import type { GroupOptions } from '../../roles/group.ts'
import { now } from '../../roles/role.ts'
import { fixed, short } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Bench } from '../../table.ts'
import { ETCD, GROUPS, roomFor } from './contenders.ts'
import { goal } from './goals.ts'
import { startMembers } from './members.ts'

const FILL_MS = 300_000
const CATCH_UP_MS = 120_000
const RATE_MS = 2_000
const UNDISTURBED_MS = 3_000
const ENTRY_BYTES = 256
const MIB = 2 ** 20

interface Joined {
  /** From the start of the joiner's process until it has applied all that had been committed then. */
  readonly seconds: number
  readonly bytes: number
  /** The leader's writes per second before, and meanwhile. */
  readonly before: number
  readonly meanwhile: number
}

const ROWS = {
  few: `${GROUPS}, log of 100 000 entries`,
  many: `${GROUPS}, log of 1 000 000 entries`,
  state: `${GROUPS}, state of 200 MiB`,
  etcd: `${ETCD}, 100 000 puts, a learner`,
}

export const lateJoiner: Bench = {
  title: 'Groups: a late joiner',
  async run() {
    const load = loadavg()[0] ?? NaN
    const all = new Map<string, Joined>()
    const measure = async (name: string, work: (row: string) => Promise<Joined>): Promise<void> => {
      try {
        const joined = await work(`${this.title}, ${name}`)
        all.set(name, joined)
        const rates = `writes ${short(joined.before)}/s before, ${short(joined.meanwhile)}/s meanwhile`
        progress(`  ${name}: ${fixed(joined.seconds, 2)} s, ${rates}`)
      } catch (error) {
        failed(error)
      }
    }
    await measure(ROWS.few, (row) => withEntries(row, 100_000))
    if (hasEtcd) await measure(ROWS.etcd, etcdLearner)
    await measure(ROWS.many, (row) => withEntries(row, 1_000_000))
    await measure(ROWS.state, (row) => withState(row, 200 * MIB))
    const of = (name: string): Joined => all.get(name) ?? { seconds: NaN, bytes: NaN, before: NaN, meanwhile: NaN }
    const speed = ({ bytes, seconds }: Joined): number => bytes / seconds / 1e6
    const share = ({ before, meanwhile }: Joined): number => meanwhile / before
    return {
      title: this.title,
      head: ['a fourth member under half load', 's', 'MB/s', 'writes/s before', 'writes/s meanwhile', 'share'],
      rows: [...all].map(([name, joined]) => [
        name,
        fixed(joined.seconds, 2),
        fixed(speed(joined), 1),
        short(joined.before),
        short(joined.meanwhile),
        fixed(share(joined), 2),
      ]),
      goals: [
        goal('less', 'B9 100 000 entries', of(ROWS.few).seconds, [10, 3], ' s'),
        goal('less', 'B9 100 000 entries ÷ etcd', of(ROWS.few).seconds / of(ROWS.etcd).seconds, []),
        goal('more', 'B9 state of 200 MiB', speed(of(ROWS.state)), [10, 50, 150], ' MB/s'),
        goal('more', 'B9 share of writes, 100 000 entries', share(of(ROWS.few)), [0.5, 0.8]),
        goal('more', 'share of writes, 1 000 000 entries', share(of(ROWS.many)), [0.7, 0.8]),
        goal('more', 'share of writes, state of 200 MiB', share(of(ROWS.state)), [0.7, 0.8]),
      ],
      note: `From the start of the joiner's process until it has applied all that had been committed by then. Writes are paced at half of what 64 at once reach. Once each; load before the start ${fixed(load, 2)}.`,
    }
  },
}

/** A log that has everything, so that the joiner gets all of it. */
async function withEntries(row: string, entries: number): Promise<Joined> {
  const retention = { entries: 2 * entries, bytes: 4 * entries * ENTRY_BYTES }
  await using members = await startMembers(row, () => ({ retention }))
  const { leader } = await members.roles()
  await fill(leader, entries)
  return await joining(leader, entries * ENTRY_BYTES, () => catchUp(members, leader, { retention }))
}

/** A log that keeps little, so that the joiner gets the state. */
async function withState(row: string, bytes: number): Promise<Joined> {
  await using members = await startMembers(row)
  const { leader } = await members.roles()
  leader.tell({ type: 'grow', bytes })
  await leader.next('grown', FILL_MS)
  return await joining(leader, bytes, () => catchUp(members, leader, {}))
}

async function catchUp(members: Awaited<ReturnType<typeof startMembers>>, leader: Child, options: Partial<GroupOptions>): Promise<void> {
  leader.tell({ type: 'where' })
  const { index } = await leader.next<{ index: number }>('at')
  const joiner = await members.add(options)
  joiner.tell({ type: 'reach', index })
  await joiner.next('reached', CATCH_UP_MS)
}

async function etcdLearner(row: string): Promise<Joined> {
  await using cluster = await EtcdCluster.start(roomFor('memory'))
  const { leader } = await cluster.roles()
  const caller = startChild(row, 'etcd-load', { port: leader.port })
  try {
    await caller.next('ready')
    await fill(caller, 100_000)
    return await joining(caller, 100_000 * ENTRY_BYTES, () => cluster.learn(leader))
  } finally {
    await caller.stop()
  }
}

async function fill(caller: Child, items: number): Promise<void> {
  caller.tell({ type: 'load', what: 'write', concurrency: 1_024, items })
  await caller.next('loaded', FILL_MS)
}

async function joining(caller: Child, bytes: number, join: () => Promise<void>): Promise<Joined> {
  caller.tell({ type: 'load', what: 'write', concurrency: 64, ms: RATE_MS })
  const { rate } = await caller.next<Closed>('loaded')
  caller.tell({ type: 'pace', perSecond: rate / 2 })
  const counts = [await countOf(caller)]
  await pause(UNDISTURBED_MS)
  counts.push(await countOf(caller))
  await join()
  counts.push(await countOf(caller))
  caller.tell({ type: 'pace', perSecond: 0 })
  const [first, begun, end] = counts as [Counted, Counted, Counted]
  return { seconds: (end.at - begun.at) / 1_000, bytes, before: rateBetween(first, begun), meanwhile: rateBetween(begun, end) }
}

interface Counted {
  readonly acknowledged: number
  readonly at: number
}

async function countOf(caller: Child): Promise<Counted> {
  caller.tell({ type: 'count' })
  const { acknowledged } = await caller.next<Counted>('counted')
  return { acknowledged, at: now() }
}

const rateBetween = (from: Counted, to: Counted): number => ((to.acknowledged - from.acknowledged) / (to.at - from.at)) * 1_000
