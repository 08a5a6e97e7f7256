import { spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../ports.ts'
import { startServer } from './server.ts'
import { ended, until } from './until.ts'
import { EtcdClient } from './etcd-client.ts'

const MEMBERS = 3
const STATUS_MS = 500

export const hasEtcd: boolean = spawnSync('etcd', ['--version']).status === 0

/** etcd's default is 100 and 1000. */
export interface EtcdTiming {
  readonly heartbeatMs: number
  readonly electionMs: number
}

export interface EtcdMember {
  readonly port: number
  readonly process: ChildProcess
}

/** Three members of etcd, each a process of its own. */
export class EtcdCluster implements AsyncDisposable {
  readonly members: EtcdMember[] = []
  readonly #directory: string
  readonly #ports: readonly number[]
  readonly #timing: EtcdTiming | undefined

  private constructor(directory: string, ports: readonly number[], timing: EtcdTiming | undefined) {
    this.#directory = directory
    this.#ports = ports
    this.#timing = timing
    for (let n = 0; n < MEMBERS; n += 1) this.members.push(this.#start(n, MEMBERS))
  }

  /** `room`: where their data goes. */
  static async start(room: string, timing?: EtcdTiming): Promise<EtcdCluster> {
    return new EtcdCluster(await mkdtemp(join(room, 'bench-etcd-')), await freePorts(2 * (MEMBERS + 1)), timing)
  }

  get pids(): readonly number[] {
    return this.members.map(({ process: { pid } }) => pid ?? 0)
  }

  /** Who leads and who does not, once all three know. */
  async roles(): Promise<{ readonly leader: EtcdMember; readonly follower: EtcdMember }> {
    return until('a leader of etcd', async () => {
      const all = await Promise.all(this.members.map(async (each) => ({ each, status: await this.#status(each) })))
      const leader = all.find(({ status }) => status.leader === status.member)
      const follower = all.find(({ status }) => status.leader !== status.member && status.leader === leader?.status.member)
      return leader && follower && { leader: leader.each, follower: follower.each }
    })
  }

  /** A fourth member that learns. Resolves when it has applied what `leader` had applied at the call. */
  async learn(leader: EtcdMember): Promise<void> {
    const { applied } = await this.#status(leader)
    const client = new EtcdClient(leader.port)
    await client.addLearner(this.#peerUrl(MEMBERS))
    client.close()
    const learner = this.#start(MEMBERS, MEMBERS + 1)
    this.members.push(learner)
    await until('a learner of etcd', async () => (await this.#status(learner)).applied >= applied || undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) member.process.kill('SIGKILL')
    await Promise.all(this.members.map(({ process }) => ended(process)))
    await rm(this.#directory, { recursive: true, force: true })
  }

  #start(n: number, count: number): EtcdMember {
    const port = this.#ports[2 * n] as number
    const client = `http://127.0.0.1:${port}`
    const cluster = Array.from({ length: count }, (_, i) => `m${i}=${this.#peerUrl(i)}`).join(',')
    const timing = this.#timing
    const args = [
      ...['--name', `m${n}`, '--data-dir', join(this.#directory, `m${n}`), '--logger', 'zap', '--log-level', 'error'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', this.#peerUrl(n), '--initial-advertise-peer-urls', this.#peerUrl(n)],
      ...['--initial-cluster', cluster, '--initial-cluster-state', count === MEMBERS ? 'new' : 'existing'],
      ...(timing === undefined ? [] : ['--heartbeat-interval', `${timing.heartbeatMs}`, '--election-timeout', `${timing.electionMs}`]),
    ]
    return { port, process: startServer('etcd', args) }
  }

  #peerUrl(n: number): string {
    return `http://127.0.0.1:${this.#ports[2 * n + 1]}`
  }

  async #status({ port }: EtcdMember): ReturnType<EtcdClient['status']> {
    const client = new EtcdClient(port)
    try {
      return await client.status(STATUS_MS)
    } finally {
      client.close()
    }
  }
}
