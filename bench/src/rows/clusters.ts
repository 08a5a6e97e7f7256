import { simWorld } from '@mosaik/node/testing'
import { startChild } from '../child.ts'
import { fixed, median } from '../stats.ts'
import { progress } from '../table.ts'
import type { Settings, Table } from '../table.ts'

const IDLE_NODES = 50
/** As long as it takes until every node has renewed its entry once, so that all of what idling costs is in it. */
const IDLE_MS = 150_000
/** After the last stream is connected: late syncs and pings of a fresh network are no idling. */
const SETTLE_MS = 30_000
const FORMATION_MS = 120_000

interface Full {
  readonly sinceStart: number
  readonly sinceFirst: number
}
interface Idled {
  readonly cpu: number
  readonly grown: number
}

export const starting: { readonly title: string; run(settings: Settings): Promise<Table> } = {
  title: 'Time to a full catalog',
  async run({ runs }) {
    const rows: string[][] = []
    for (const nodes of [2, 10, 50]) {
      const real: Full[] = []
      const simulated: number[] = []
      for (let run = 0; run < runs; run += 1) {
        real.push(await realStart(`${this.title}, ${nodes} nodes`, nodes))
        simulated.push(await simulatedStart(nodes, run))
      }
      const row = [real.map(({ sinceStart }) => sinceStart), real.map(({ sinceFirst }) => sinceFirst), simulated].map((all) =>
        fixed(median(all), 0),
      )
      rows.push([String(nodes), ...row])
      progress(`  ${rows.at(-1)?.join('  ')}`)
    }
    return {
      title: this.title,
      head: ['nodes in one process', 'QUIC, since process start, ms', 'QUIC, since the first node, ms', 'simulated (virtual) ms'],
      rows,
    }
  },
}

async function realStart(row: string, nodes: number): Promise<Full> {
  const child = startChild(row, 'cluster', { nodes, streams: 0 })
  try {
    return await child.next<Full>('full', FORMATION_MS)
  } finally {
    await child.stop()
  }
}

async function simulatedStart(nodes: number, seed: number): Promise<number> {
  await using world = simWorld({ seed })
  const begun = world.clock.monotonic()
  const first = await world.node('bench')
  const all = [first]
  for (let n = 1; n < nodes; n += 1) all.push(await world.node('bench', { discovery: { bootstrap: first.local.addresses } }))
  await world.run(Promise.all(all.map(({ discovery }) => discovery.catalog.until((catalog) => catalog.size === nodes - 1))))
  return world.clock.monotonic() - begun
}

export const idling: typeof starting = {
  title: 'Idle cost',
  async run({ runs }) {
    const idled: Idled[] = []
    for (let run = 0; run < runs; run += 1) {
      idled.push(await idle(this.title))
      progress(`  cpu ${fixed((idled.at(-1)?.cpu ?? NaN) * 100, 2)} %`)
    }
    const cpu = median(idled.map((one) => one.cpu)) * 100
    return {
      title: this.title,
      head: [`${IDLE_NODES} nodes, ${IDLE_NODES} streams, one process, QUIC`, 'CPU, % of a core, all', 'memory per node, MiB'],
      rows: [['idle', fixed(cpu, 2), fixed(median(idled.map(({ grown }) => grown)) / IDLE_NODES / 2 ** 20, 1)]],
      note: `Over ${IDLE_MS / 1000} s with default settings: every node renews its entry once in it, which everyone hears. Must: below 1 % of a core for all${cpu < 1 ? '' : ': **below the floor**'}.`,
    }
  },
}

async function idle(row: string): Promise<Idled> {
  const child = startChild(row, 'cluster', { nodes: IDLE_NODES, streams: IDLE_NODES })
  try {
    await child.next('streaming', FORMATION_MS)
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    child.tell({ type: 'idle', ms: IDLE_MS })
    return await child.next<Idled>('idled', 2 * IDLE_MS + 30_000)
  } finally {
    await child.stop()
  }
}
