import { spawnSync } from 'node:child_process'
import { connect } from 'nats'
import { startServer } from './peers/server.ts'
import { freePorts } from './ports.ts'

export interface NatsServer {
  readonly port: number
  stop(): void
}

/** Starts `nats-server` on a free loopback port, or answers undefined where it is not installed. */
export async function startNats(): Promise<NatsServer | undefined> {
  if (spawnSync('nats-server', ['--version']).status !== 0) return undefined
  const [port = 0] = await freePorts(1)
  const child = startServer('nats-server', ['-a', '127.0.0.1', '-p', String(port)])
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    waitOnFirstConnect: true,
    reconnectTimeWait: 50,
    maxReconnectAttempts: 100,
  })
  await connection.close()
  return { port, stop: () => void child.kill() }
}
