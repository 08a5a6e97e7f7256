import { counts } from './patch.ts'
import { simWorld } from '@mosaik/node/testing'
const mode = process.argv[3] ?? 'stagger'
const sumOf = (text: string, name: string): number =>
  text
    .split('\n')
    .filter((l) => l.startsWith(name) && !l.startsWith('#'))
    .reduce((t, l) => t + Number(l.slice(l.lastIndexOf(' ') + 1)), 0)
for (const nodes of process.argv[2]!.split(',').map(Number)) {
  const t0 = performance.now()
  await using world = simWorld({ seed: 1 })
  const first = await world.node('bench')
  const all = [first]
  for (let n = 1; n < nodes; n += 1) {
    all.push(await world.node('bench', { discovery: { bootstrap: first.local.addresses } }))
    if (mode === 'stagger') await world.run('200ms')
  }
  const began = world.now
  await world.run(Promise.all(all.map(({ discovery }) => discovery.catalog.until((c) => c.size === nodes - 1))))
  const took = world.now - began
  const snap = () => {
    const out: Record<string, number> = {}
    for (const m of [
      'sync_bytes_sent',
      'sync_messages_sent',
      'catalog_syncs_total',
      'catalog_fetches_total',
      'gossip_announced_total',
      'dials_total',
    ])
      out[m] =
        Math.round(
          (all.reduce((t, { discovery }) => t + sumOf(discovery.endpoint.metrics.text(), `mosaik_discovery_${m}`), 0) / nodes) * 10,
        ) / 10
    return out
  }
  const a = snap()
  await world.run('60s')
  const b = snap()
  console.log(
    nodes,
    mode,
    'converged',
    took,
    'ms; wall',
    Math.round(performance.now() - t0),
    JSON.stringify(a),
    'at rest 60s:',
    JSON.stringify(Object.fromEntries(Object.keys(b).map((k) => [k, Math.round((b[k]! - a[k]!) * 10) / 10]))),
  )
  console.log(
    Object.entries(counts)
      .map(([k, v]) => k + ': ' + (v / nodes).toFixed(1))
      .join('\n'),
  )
  for (const k in counts) delete counts[k]
  const conns = all.map(({ discovery }) => discovery.endpoint.connections.value.size).sort((x, y) => x - y)
  console.log('  connections min/med/max', conns[0], conns[nodes >> 1], conns.at(-1))
  process.exitCode = 0
}
process.exit(0)
