import { RedisClient } from '../peers/redis-client.ts'
import { keyOf, rounds, valueOf } from './entries.ts'
import { serveLoads } from './load.ts'
import { tell } from './role.ts'

/** Sets entries at one server, one by one or a thousand in a command. */
export async function run({ port }: { port: number }): Promise<void> {
  const client = new RedisClient(port)
  const { one, many } = rounds((n) => [keyOf(n), valueOf(n)])
  serveLoads({
    write: () => client.call(['SET', ...one()]),
    batch: () => client.call(['MSET', ...many().flat()]),
  })
  tell({ type: 'ready' })
}
