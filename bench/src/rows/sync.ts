import { simWorld } from '@mosaik/node/testing'
import { progress, wanted } from '../table.ts'
import type { Settings, Table } from '../table.ts'

/** What one more node costs a network of `nodes`, in virtual time, from the nodes' own counters. */
export async function syncTables(settings: Settings): Promise<readonly Table[]> {
  if (!wanted(syncing.title, settings)) return []
  progress(syncing.title)
  return [await syncing()]
}

async function syncing(): Promise<Table> {
  const rows: string[][] = []
  let before: { readonly nodes: number; readonly bytes: number } | undefined
  for (const nodes of [25, 50, 100, 200]) {
    const { bytes, messages } = await formation(nodes)
    const growth = before === undefined ? '–' : (bytes / before.bytes / ((nodes * Math.log2(nodes)) / (before.nodes * Math.log2(before.nodes)))).toFixed(2)
    rows.push([String(nodes), (bytes / 1024).toFixed(1), messages.toFixed(0), growth])
    before = { nodes, bytes }
    progress(`  ${rows.at(-1)?.join('  ')}`)
  }
  return {
    title: syncing.title,
    head: ['nodes', 'KiB per node joined', 'messages per node joined', 'growth ÷ N log N'],
    rows,
    note: 'From the first node to full catalogs everywhere and 60 s more, all links together. Growth of at most 1 is N log N or better.',
  }
}
syncing.title = 'Catalog sync'

async function formation(nodes: number): Promise<{ bytes: number; messages: number }> {
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
  return { bytes: sum('mosaik_discovery_sync_bytes_sent') / nodes, messages: sum('mosaik_discovery_sync_messages_sent') / nodes }
}

const seriesSum = (text: string, name: string): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(name) && !line.startsWith('#'))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
