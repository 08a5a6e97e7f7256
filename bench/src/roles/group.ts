import { createMetrics, createNetwork, fileLog, groupKey, secretKey } from '@mosaik/node'
import type { Group, JoinOptions, Metrics, Network } from '@mosaik/node'
import { collectGarbage } from './garbage.ts'
import { serveLoads } from './load.ts'
import { cpuSeconds, now, readyMade, tell } from './role.ts'
import { stateMachine } from './state.ts'
import type { State } from './state.ts'

export interface GroupOptions {
  readonly bootstrap: readonly string[]
  /** Default: any free port of QUIC. */
  readonly listen?: string
  readonly secretKey?: string
  /** Default: in memory. */
  readonly directory?: string
  /** Default: `fast`, and who founds waits for three. */
  readonly consensus?: JoinOptions['consensus']
  readonly retention?: JoinOptions['retention']
  /** How many groups the node is in. Default 1. */
  readonly groups?: number
  /** Writes once at once, and says when that was acknowledged. */
  readonly writes?: boolean
}

type Bytes = Group<Uint8Array, null, number, number>

type Order =
  | { readonly type: 'where' }
  | { readonly type: 'reach'; readonly index: number }
  | { readonly type: 'grow'; readonly bytes: number }
  | { readonly type: 'usage' }
  | { readonly type: 'leave' }

const MEMBERS = 3
/** A thousand instructions of the order book. */
const BATCH_BYTES = 27_000

/** A member of one or more groups of three, which keep a count, and bytes where they are told to. */
export async function run(options: GroupOptions): Promise<void> {
  const { bootstrap, listen = '/ip4/127.0.0.1/udp/0/quic-v1' } = options
  const begun = now()
  const metrics = createMetrics()
  const network = await createNetwork('bench', {
    listen: [listen],
    metrics,
    discovery: { bootstrap },
    ...(options.secretKey !== undefined && { secretKey: secretKey(options.secretKey) }),
  })
  const state: State = { count: 0, values: [] }
  const groups = Array.from({ length: options.groups ?? 1 }, (_, n) =>
    join(network, n, options, n === 0 ? state : { count: 0, values: [] }),
  )
  tell({ type: 'listening', addresses: network.local.addresses, createdMs: now() - begun, sinceStart: Date.now() - performance.timeOrigin })
  serve(network, groups, metrics)
  if (options.writes === true) void groups[0]?.execute(readyMade()()).then(() => tell({ type: 'written', at: now() }))
  await Promise.all(
    groups.map(async (group) => {
      await group.members.until((members) => members.filter(({ standing }) => standing === 'voter').length >= MEMBERS)
      await group.when.leaderElected()
    }),
  )
  tell({ type: 'ready', leads: groups[0]?.isLeader === true, led: ledOf(groups).length })
}

function join(network: Network, n: number, { directory, consensus, retention }: GroupOptions, state: State): Bytes {
  return network.groups.join({
    key: groupKey(`bench ${n}`),
    consensus: consensus ?? { preset: 'fast', minMembers: MEMBERS },
    ...(retention !== undefined && { retention }),
    ...(directory !== undefined && { storage: fileLog(directory) }),
    machine: stateMachine(state),
  })
}

function serve(network: Network, groups: readonly Bytes[], metrics: Metrics): void {
  const command = readyMade()
  const batch = new Uint8Array(BATCH_BYTES)
  let driven = groups
  let turn = 0
  const next = (): Bytes => driven[(turn = (turn + 1) % driven.length)] as Bytes
  serveLoads({
    begin: () => {
      // Of many, this process drives those that it leads.
      driven = groups.length === 1 || ledOf(groups).length === 0 ? groups : ledOf(groups)
    },
    write: () => next().execute(command()),
    batch: () => next().execute(batch),
    read: () => next().query(null),
    stale: () => next().query(null, { consistency: 'weak' }),
  })
  process.on('message', (order: Order) => void obey(order, network, groups[0] as Bytes, metrics))
}

const ledOf = (groups: readonly Bytes[]): readonly Bytes[] => groups.filter(({ isLeader }) => isLeader)

async function obey(order: Order, network: Network, group: Bytes, metrics: Metrics): Promise<void> {
  if (order.type === 'where') tell({ type: 'at', index: group.committed.value })
  else if (order.type === 'reach') {
    await group.position.until(({ index }) => index >= order.index)
    tell({ type: 'reached', at: now() })
  } else if (order.type === 'grow') {
    for (let bytes = 0; bytes < order.bytes; bytes += 1_048_576) await group.execute(Uint8Array.of(1))
    tell({ type: 'grown' })
  } else if (order.type === 'usage') tell({ type: 'used', ...usage(metrics) })
  else if (order.type === 'leave') {
    await network.close()
    tell({ type: 'left', at: now() })
  }
}

export interface Usage {
  readonly cpu: number
  readonly at: number
  /** Of the JavaScript heap, after a collection, bytes. */
  readonly heap: number
  readonly rss: number
  readonly sentBytes: number
  readonly heartbeats: number
}

function usage(metrics: Metrics): Usage {
  collectGarbage()
  const text = metrics.text()
  const { heapUsed, rss } = process.memoryUsage()
  return { cpu: cpuSeconds(), at: now(), heap: heapUsed, rss, sentBytes: sum(text, 'bytes_sent'), heartbeats: sum(text, 'heartbeats_sent') }
}

/** Of all series of one metric of groups. */
function sum(text: string, name: string): number {
  return [...text.matchAll(new RegExp(`^mosaik_groups_${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
    (total, [, value]) => total + Number(value),
    0,
  )
}
