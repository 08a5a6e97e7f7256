import { EtcdClient } from '../peers/etcd-client.ts'
import { serveLoads } from './load.ts'
import { readyMade, tell } from './role.ts'

const KEYS = Array.from({ length: 1_000 }, (_, n) => Buffer.from(`key-${n}`))

/** Puts and gets of a thousand keys at one member. */
export async function run({ port }: { port: number }): Promise<void> {
  const client = new EtcdClient(port)
  const value = readyMade()
  let n = 0
  const key = (): Buffer => KEYS[(n = (n + 1) % KEYS.length)] as Buffer
  serveLoads({
    write: () => client.put(key(), value()),
    read: () => client.get(key()),
    stale: () => client.get(key(), true),
  })
  tell({ type: 'ready' })
}
