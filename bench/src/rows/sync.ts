import { simWorld } from '@mosaik/node/testing'
import { fixed } from '../stats.ts'
import { progress } from '../table.ts'
import type { Settings, Table } from '../table.ts'

interface Cost {
  readonly nodes: number
  readonly bytes: number
  readonly messages: number
}

/** What each node costs a network of `nodes`, in virtual time, from the nodes' own counters. The same on every run and machine. */
export const syncing: { readonly title: string; run(settings: Settings): Promise<Table> } = {
  title: 'Catalog sync',
  async run() {
    const rows: string[][] = []
    let before: Cost | undefined
    for (const nodes of [25, 50, 100, 200]) {
      const cost = await formation(nodes)
      const [bytes, messages] = [growth(before, cost, 'bytes'), growth(before, cost, 'messages')]
      rows.push([String(nodes), fixed(cost.bytes / 1024, 1), fixed(cost.messages, 0), fixed(bytes, 2), fixed(messages, 2)])
      before = cost
      progress(`  ${rows.at(-1)?.join('  ')}`)
    }
    return {
      title: this.title,
      head: [
        'nodes',
        'KiB per node',
        'messages per node',
        'KiB per node: growth ÷ that of N log N',
        'messages per node: growth ÷ that of N log N',
      ],
      rows,
      note: 'Simulated, from the first node to full catalogs everywhere and 60 s more, all links together, divided by the nodes. Growth is that over the row above; at most 1: what each node costs grows as N log N or less.',
    }
  },
}

function growth(before: Cost | undefined, after: Cost, what: 'bytes' | 'messages'): number {
  if (before === undefined) return NaN
  return after[what] / before[what] / ((after.nodes * Math.log2(after.nodes)) / (before.nodes * Math.log2(before.nodes)))
}

async function formation(nodes: number): Promise<Cost> {
  await using world = simWorld({ seed: 1 })
  const first = await world.node('bench')
  const all = [first]
  for (let n = 1; n < nodes; n += 1) {
    all.push(await world.node('bench', { discovery: { bootstrap: first.local.addresses } }))
    await world.run('200ms')
  }
  await world.run(Promise.all(all.map(({ discovery }) => discovery.catalog.until((catalog) => catalog.size === nodes - 1))))
  await world.run('60s')
  const sum = (name: string): number => all.reduce((total, { discovery }) => total + seriesSum(discovery.endpoint.metrics.text(), name), 0)
  const [bytes, messages] = [sum('mosaik_discovery_sync_bytes_sent'), sum('mosaik_discovery_sync_messages_sent')]
  if (bytes === 0 || messages === 0) throw new Error('Catalog sync: the counters of discovery show nothing; have they been renamed?')
  return { nodes, bytes: bytes / nodes, messages: messages / nodes }
}

const seriesSum = (text: string, name: string): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(name) && !line.startsWith('#'))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
