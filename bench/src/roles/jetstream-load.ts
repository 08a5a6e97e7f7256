import { connect } from 'nats'
import { BUCKET } from '../peers/jetstream.ts'
import { serveLoads } from './load.ts'
import { readyMade, tell } from './role.ts'

const KEYS = Array.from({ length: 1_000 }, (_, n) => `key-${n}`)

/** Puts and gets of a thousand keys of a bucket, through one server. Its gets are not linearizable. */
export async function run({ port }: { port: number }): Promise<void> {
  const connection = await connect({ servers: `127.0.0.1:${port}`, ignoreClusterUpdates: true })
  const kv = await connection.jetstream().views.kv(BUCKET)
  const value = readyMade()
  let n = 0
  const key = (): string => KEYS[(n = (n + 1) % KEYS.length)] as string
  serveLoads({ write: () => kv.put(key(), value()), stale: () => kv.get(key()) })
  tell({ type: 'ready' })
}
