/** Entry of every child process: runs the role that is named on its command line. */
import type { Role } from './roles/role.ts'

const roles: Readonly<Record<string, () => Promise<{ readonly run: Role }>>> = {
  'raw-sink': () => import('./roles/raw-sink.ts'),
  'raw-source': () => import('./roles/raw-source.ts'),
  consumer: () => import('./roles/consumer.ts'),
  producer: () => import('./roles/producer.ts'),
  'nats-publisher': () => import('./roles/nats-publisher.ts'),
  'nats-subscriber': () => import('./roles/nats-subscriber.ts'),
  'echo-server': () => import('./roles/echo-server.ts'),
  'echo-client': () => import('./roles/echo-client.ts'),
  cluster: () => import('./roles/cluster.ts'),
  'echo-loop': () => import('./roles/echo-loop.ts'),
  group: () => import('./roles/group.ts'),
  'etcd-load': () => import('./roles/etcd-load.ts'),
  'jetstream-load': () => import('./roles/jetstream-load.ts'),
  ceiling: () => import('./roles/ceiling.ts'),
  core: () => import('./roles/core.ts'),
  keeper: () => import('./roles/keeper.ts'),
  'late-reader': () => import('./roles/late-reader.ts'),
  local: () => import('./roles/local.ts'),
  market: () => import('./roles/market.ts'),
  engine: () => import('./roles/engine.ts'),
  'redis-load': () => import('./roles/redis-load.ts'),
}

const [name = '', options = '{}'] = process.argv.slice(2)
const load = roles[name]
if (load === undefined) throw new Error(`no role is called '${name}'`)
process.once('disconnect', () => process.exit(0))
const { run } = await load()
await run(JSON.parse(options) as Record<string, never>)
