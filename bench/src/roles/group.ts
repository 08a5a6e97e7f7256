import { createNetwork, fileLog, groupKey } from '@mosaik/node'
import type { Group } from '@mosaik/node'
import { quantile } from '../stats.ts'
import { now, tell } from './role.ts'

interface Options {
  readonly bootstrap: readonly string[]
  /** Default: in memory. */
  readonly directory?: string
}

interface Load {
  readonly type: string
  readonly what: 'write' | 'read'
  readonly concurrency: number
  readonly ms: number
}

/** What a member measured: calls per second, and how long each took, ms. */
export interface Closed {
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

type Bytes = Group<Uint8Array, null, number, number>

/** A member of a group that keeps the last command; it executes in a closed loop when it is told to. */
export async function run({ bootstrap, directory }: Options): Promise<void> {
  const network = await createNetwork('bench', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], discovery: { bootstrap } })
  let count = 0
  const raw = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes }
  const group: Bytes = network.groups.join({
    key: groupKey('bench'),
    consensus: { preset: 'fast', minMembers: 3 },
    ...(directory !== undefined && { storage: fileLog(directory) }),
    machine: {
      name: 'count',
      codecs: { command: raw },
      apply: (_: Uint8Array) => ++count,
      query: () => count,
      snapshot: () => count,
      install: (state: number) => void (count = state),
    },
  })
  tell({ type: 'listening', addresses: network.local.addresses })
  await group.members.until((members) => members.filter(({ standing }) => standing === 'voter').length === 3)
  await group.when.leaderElected()
  tell({ type: 'ready', leads: group.isLeader })
  process.on('message', (message: Load) => {
    if (message.type === 'load') void load(group, message).then((closed) => tell({ type: 'loaded', ...closed }))
  })
}

async function load(group: Bytes, { what, concurrency, ms }: Load): Promise<Closed> {
  const command = new Uint8Array(256).fill(7)
  const took: number[] = []
  const end = now() + ms
  const begun = now()
  const loop = async (): Promise<void> => {
    for (let at = now(); at < end; at = now()) {
      if (what === 'write') await group.execute(command)
      else await group.query(null)
      took.push(now() - at)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, loop))
  took.sort((a, b) => a - b)
  const seconds = (now() - begun) / 1_000
  return { rate: took.length / seconds, p50: quantile(took, 0.5), p99: quantile(took, 0.99) }
}
