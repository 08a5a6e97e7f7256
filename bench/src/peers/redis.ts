import { spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { freePorts } from '../ports.ts'
import { RedisClient } from './redis-client.ts'
import { startServer } from './server.ts'
import { ended, until } from './until.ts'

export const hasRedis: boolean = spawnSync('redis-server', ['--version']).status === 0

/** One Redis server, without replicas and without a disk. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly #process: ChildProcess

  private constructor(port: number) {
    this.port = port
    this.#process = startServer('redis-server', ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--appendonly', 'no'])
  }

  /** Resolves when it answers. */
  static async start(): Promise<RedisServer> {
    const [port = 0] = await freePorts(1)
    const server = new RedisServer(port)
    try {
      await until('a Redis server', async () => {
        const client = new RedisClient(port)
        return await client.call(['PING']).finally(() => client.close())
      })
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  get pids(): readonly number[] {
    return [this.#process.pid ?? 0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await ended(this.#process)
  }
}
