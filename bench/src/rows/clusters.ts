import { simWorld } from '@mosaik/node/testing'
import { startChild } from '../child.ts'
import { median } from '../stats.ts'
import { progress, wanted } from '../table.ts'
import type { Settings, Table } from '../table.ts'

const IDLE_MS = 20_000

interface Full {
  readonly sinceStart: number
  readonly sinceFirst: number
}
interface Idled {
  readonly cpu: number
  readonly rss: number
  readonly grown: number
}

export async function clusterTables(settings: Settings): Promise<readonly Table[]> {
  const tables: Table[] = []
  for (const table of [starting, idling]) {
    if (!wanted(table.title, settings)) continue
    progress(table.title)
    tables.push(await table(settings))
  }
  return tables
}

async function starting({ runs }: Settings): Promise<Table> {
  const rows: string[][] = []
  for (const nodes of [2, 10, 50]) {
    const real: Full[] = []
    const simulated: number[] = []
    for (let run = 0; run < runs; run += 1) {
      const child = startChild('cluster', { nodes, streams: 0 })
      real.push(await child.next<Full>('full'))
      await child.stop()
      simulated.push(await simulatedStart(nodes, run))
    }
    rows.push([
      String(nodes),
      median(real.map(({ sinceStart }) => sinceStart)).toFixed(0),
      median(real.map(({ sinceFirst }) => sinceFirst)).toFixed(0),
      median(simulated).toFixed(0),
    ])
    progress(`  ${rows.at(-1)?.join('  ')}`)
  }
  return {
    title: starting.title,
    head: ['nodes in one process', 'QUIC, since process start, ms', 'QUIC, since the first node, ms', 'simulated (virtual) ms'],
    rows,
  }
}
starting.title = 'Time to a full catalog'

async function simulatedStart(nodes: number, seed: number): Promise<number> {
  await using world = simWorld({ seed })
  const begun = world.clock.monotonic()
  const first = await world.node('bench')
  const all = [first]
  for (let n = 1; n < nodes; n += 1) all.push(await world.node('bench', { discovery: { bootstrap: first.local.addresses } }))
  await world.run(Promise.all(all.map(({ discovery }) => discovery.catalog.until((catalog) => catalog.size === nodes - 1))))
  return world.clock.monotonic() - begun
}

async function idling({ runs }: Settings): Promise<Table> {
  const idled: Idled[] = []
  for (let run = 0; run < Math.min(runs, 5); run += 1) {
    const child = startChild('cluster', { nodes: 50, streams: 50 })
    await child.next('streaming')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    child.tell({ type: 'idle', ms: IDLE_MS })
    idled.push(await child.next<Idled>('idled'))
    await child.stop()
    progress(`  cpu ${((idled.at(-1)?.cpu ?? NaN) * 100).toFixed(2)} %`)
  }
  return {
    title: idling.title,
    head: ['50 nodes, 50 streams, one process', 'CPU, % of a core, all', 'memory per node, MiB'],
    rows: [['idle', (median(idled.map(({ cpu }) => cpu)) * 100).toFixed(2), (median(idled.map(({ grown }) => grown)) / 50 / 2 ** 20).toFixed(1)]],
    note: `Over ${IDLE_MS / 1000} s with default settings. Must: below 1 % of a core for all.`,
  }
}
idling.title = 'Idle cost'
