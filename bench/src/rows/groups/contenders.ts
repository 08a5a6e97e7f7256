import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { existsSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../../child.ts'
import type { Child } from '../../child.ts'
import { EtcdCluster, hasEtcd } from '../../peers/etcd.ts'
import { hasNats, JetStreamCluster } from '../../peers/jetstream.ts'
import { progress } from '../../table.ts'
import { startMembers } from './members.ts'

/** Something that three processes replicate, warm or not, and who can be told to call it. */
export interface Running extends AsyncDisposable {
  readonly leader: Child
  /** Who calls at a member that does not lead. */
  readonly follower?: Child
  /** Of servers and callers: whose CPU time counts. */
  readonly pids: readonly number[]
}

/** `row` names what is measured, for errors. */
export type Contender = (row: string) => Promise<Running>

export type Storage = 'memory' | 'disk'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const SHARED_MEMORY = '/dev/shm'
const TMPFS = 0x01021994

/** Where nothing waits for a disk, or where everything does. */
export function roomFor(storage: Storage): string {
  if (storage === 'memory') return existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir()
  return statfsSync(tmpdir()).type === TMPFS ? process.cwd() : tmpdir()
}

export const GROUPS = 'groups'
export const ETCD = 'etcd'
export const NATS = 'NATS JetStream R3'
export const QUIC_CEILING = 'bare replication, our QUIC'
export const TLS_CEILING = 'bare replication, TLS over TCP'
export const ECHO = 'bare round trip, our QUIC'

/** Whom to measure, by name. Who is not installed is left out, which is said once. */
export function contenders(storage: Storage): Readonly<Record<string, Contender>> {
  return {
    [GROUPS]: (row) => ours(row, storage),
    ...(hasEtcd && { [ETCD]: (row: string) => etcd(row, storage) }),
    ...(hasNats && { [NATS]: (row: string) => jetStream(row, storage) }),
  }
}

/** What the machine gives at most: a round trip, and replication without anything else. */
export function floors(): Readonly<Record<string, Contender>> {
  const tls = certificate()
  return {
    [ECHO]: echo,
    [QUIC_CEILING]: (row) => ceiling(row),
    ...(tls !== undefined && { [TLS_CEILING]: (row: string) => ceiling(row, tls) }),
  }
}

export function sayWhoIsMissing(): void {
  if (!hasEtcd) progress('etcd is not installed (Debian: etcd-server): its rows are left out')
  if (!hasNats) progress('nats-server is not installed: its rows are left out')
}

async function ours(row: string, storage: Storage): Promise<Running> {
  const room = storage === 'disk' ? await mkdtemp(join(roomFor(storage), 'bench-groups-')) : undefined
  const members = await startMembers(row, (n) => (room === undefined ? {} : { directory: join(room, String(n)) }))
  return {
    ...(await members.roles()),
    pids: members.pids,
    async [Symbol.asyncDispose]() {
      await members[Symbol.asyncDispose]()
      if (room !== undefined) await rm(room, { recursive: true, force: true })
    },
  }
}

async function etcd(row: string, storage: Storage): Promise<Running> {
  const cluster = await EtcdCluster.start(roomFor(storage))
  return called(cluster, async () => {
    const { leader, follower } = await cluster.roles()
    return [startChild(row, 'etcd-load', { port: leader.port }), startChild(row, 'etcd-load', { port: follower.port })]
  })
}

async function jetStream(row: string, storage: Storage): Promise<Running> {
  const cluster = await JetStreamCluster.start(roomFor(storage), storage === 'memory' ? 'memory' : 'file')
  return called(cluster, async () => {
    const { leader, follower } = await cluster.roles()
    return [startChild(row, 'jetstream-load', { port: leader.port }), startChild(row, 'jetstream-load', { port: follower.port })]
  })
}

async function echo(row: string): Promise<Running> {
  const server = startChild(row, 'echo-server', { listen: QUIC })
  return called(childrenOnly([server]), async () => {
    const { address } = await server.next<{ address: string }>('ready')
    return [startChild(row, 'echo-loop', { listen: QUIC, address })]
  })
}

async function ceiling(row: string, tls?: { readonly key: string; readonly cert: string }): Promise<Running> {
  const followers = [0, 1].map(() => startChild(row, 'ceiling', { part: 'follower', to: [], tls }))
  const servers = [...followers]
  return called(childrenOnly(servers), async () => {
    const addressOf = async (child: Child): Promise<string> => (await child.next<{ address: string }>('ready')).address
    const leader = startChild(row, 'ceiling', { part: 'leader', to: await Promise.all(followers.map(addressOf)), tls })
    servers.push(leader)
    return [startChild(row, 'ceiling', { part: 'client', to: [await addressOf(leader)], tls })]
  })
}

export interface Servers extends AsyncDisposable {
  readonly pids: readonly number[]
}

const childrenOnly = (children: readonly Child[]): Servers => ({
  get pids() {
    return children.map(({ pid }) => pid)
  },
  async [Symbol.asyncDispose]() {
    await Promise.all(children.map((child) => child.stop()))
  },
})

/** Servers with their callers: the first is at the leader, the second, if there is one, at a follower. */
export async function called(servers: Servers, start: () => Promise<readonly Child[]>): Promise<Running> {
  let callers: readonly Child[] = []
  const end = async (): Promise<void> => {
    await Promise.all(callers.map((child) => child.stop()))
    await servers[Symbol.asyncDispose]()
  }
  try {
    callers = await start()
    await Promise.all(callers.map((child) => child.next('ready')))
    const [leader, follower] = callers as readonly [Child, Child?]
    const pids = [...servers.pids, ...callers.map(({ pid }) => pid)]
    return { leader, ...(follower !== undefined && { follower }), pids, [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}

/** A key and a certificate that live as long as this run. */
function certificate(): { readonly key: string; readonly cert: string } | undefined {
  const args = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=bench', '-days', '2', '-keyout', '-', '-out', '-']
  const { status, stdout } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) return undefined
  const part = (name: string): string => new RegExp(`-----BEGIN ${name}-----[^]+?-----END ${name}-----`).exec(stdout)?.[0] ?? ''
  return { key: part('PRIVATE KEY'), cert: part('CERTIFICATE') }
}
