import { createNetwork } from '@mosaik/node'
import { Entries, MEMBERS, openStore } from './stores.ts'
import type { Store, StoreName } from './stores.ts'
import { serveLoads } from './load.ts'
import { HoldUps } from './hold-ups.ts'
import { BATCH, keyOf, scattered, valueOf } from './entries.ts'
import type { Entry } from './entries.ts'
import { tell } from './role.ts'

export interface KeeperOptions {
  readonly bootstrap: readonly string[]
  readonly stores: readonly StoreName[]
}

type Order =
  /** Loads are on this one from now on. */
  | { readonly type: 'drive'; readonly store: StoreName }
  /** Puts so many different entries into the Map. */
  | { readonly type: 'fill'; readonly entries: number }
  /** Asks for how long its event loop was held up since the last time. */
  | { readonly type: 'held-up' }

const FILL_CONCURRENCY = 16

/** One of three nodes that keep collections, and groups beside them. */
export async function run({ bootstrap, stores: names }: KeeperOptions): Promise<void> {
  const network = await createNetwork('bench', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], discovery: { bootstrap } })
  const stores = new Map(names.map((name) => [name, openStore(network, name)]))
  const holdUps = new HoldUps()
  tell({ type: 'listening', addresses: network.local.addresses })
  let driven = [...stores.values()][0] as Store
  serveLoads({ write: () => driven.calls.write(), batch: () => (driven.calls.batch ?? driven.calls.write)() })
  process.on('message', (order: Order) => {
    if (order.type === 'drive') driven = stores.get(order.store) as Store
    else if (order.type === 'held-up') tell({ type: 'held-up', ...holdUps.longest() })
    else if (order.type === 'fill') void fill(order.entries).then((version) => tell({ type: 'filled', version }))
  })
  await Promise.all(
    [...stores.values()].map(async ({ group }) => {
      await group.members.until((members) => members.filter(({ standing }) => standing === 'voter').length >= MEMBERS)
      await group.when.leaderElected()
    }),
  )
  tell({ type: 'ready', leading: [...stores].filter(([, { group }]) => group.isLeader).map(([name]) => name) })

  async function fill(count: number): Promise<unknown> {
    const map = network.collections.writer(Entries)
    let next = 0
    const loop = async (): Promise<void> => {
      while (next < count) {
        const first = next
        next += BATCH
        await map.extend(Array.from({ length: BATCH }, (_, n) => entryOf(scattered(first + n, count))))
      }
    }
    await Promise.all(Array.from({ length: FILL_CONCURRENCY }, loop))
    return map.version
  }
}

const entryOf = (n: number): Entry => [keyOf(n), valueOf(n)]
