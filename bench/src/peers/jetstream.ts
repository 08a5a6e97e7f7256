import { spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, StorageType } from 'nats'
import { freePorts } from '../ports.ts'
import { startServer } from './server.ts'
import { ended, until } from './until.ts'

const SERVERS = 3
const API_MS = 200
const BUCKET_MS = 2_000
export const BUCKET = 'bench'

export const hasNats: boolean = spawnSync('nats-server', ['--version']).status === 0

interface Server {
  readonly name: string
  readonly port: number
  readonly process: ChildProcess
}

/** Three NATS servers with a key-value bucket of three replicas. */
export class JetStreamCluster implements AsyncDisposable {
  readonly servers: readonly Server[]
  readonly #directory: string
  readonly #storage: StorageType

  private constructor(directory: string, ports: readonly number[], storage: StorageType) {
    this.#directory = directory
    this.#storage = storage
    const routes = ports.slice(SERVERS).map((port) => `nats://127.0.0.1:${port}`)
    this.servers = ports.slice(0, SERVERS).map((port, n) => {
      const args = [
        ...['-a', '127.0.0.1', '-p', `${port}`, '-n', `s${n}`, '-js', '-sd', join(directory, `s${n}`)],
        ...['--cluster_name', 'bench', '--cluster', routes[n] as string, '--routes', routes.join(',')],
      ]
      return { name: `s${n}`, port, process: startServer('nats-server', args) }
    })
  }

  static async start(room: string, storage: 'memory' | 'file'): Promise<JetStreamCluster> {
    const kind = storage === 'memory' ? StorageType.Memory : StorageType.File
    return new JetStreamCluster(await mkdtemp(join(room, 'bench-nats-')), await freePorts(2 * SERVERS), kind)
  }

  get pids(): readonly number[] {
    return this.servers.map(({ process: { pid } }) => pid ?? 0)
  }

  /** Makes the bucket, and answers the server that leads it and one that does not. */
  async roles(): Promise<{ readonly leader: Server; readonly follower: Server }> {
    const [first] = this.servers as readonly [Server, ...Server[]]
    const connection = await until('a NATS server', () => connect({ servers: `127.0.0.1:${first.port}`, reconnect: false }))
    try {
      // Asks the API: who asks it for a bucket before the servers have a leader waits for five seconds.
      await until('JetStream', () => connection.jetstreamManager({ timeout: API_MS }))
      return await until('a leader of a JetStream bucket', async () => {
        const kv = await connection.jetstream().views.kv(BUCKET, { replicas: SERVERS, storage: this.#storage, timeout: BUCKET_MS })
        const status = (await kv.status()) as unknown as { readonly streamInfo: { readonly cluster?: { readonly leader?: string } } }
        const leader = this.servers.find(({ name }) => name === status.streamInfo.cluster?.leader)
        const follower = this.servers.find((server) => server !== leader)
        return leader && follower && { leader, follower }
      })
    } finally {
      await connection.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) server.process.kill('SIGKILL')
    await Promise.all(this.servers.map(({ process }) => ended(process)))
    await rm(this.#directory, { recursive: true, force: true })
  }
}
