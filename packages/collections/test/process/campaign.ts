/**
 * The long run: kills members of durable collections every five seconds while all write. Prints the tables of README.md. Exit code 1:
 * something was lost, applied twice, or did not go on.
 *
 * `node --conditions=@mosaik/source packages/collections/test/process/campaign.ts [--seconds 600] [--seed 1] [--in-memory 0] [--lanes 4] [--verbose]`
 */
import { parseArgs } from 'node:util'
import { playKills } from './kills.ts'
import type { KillsResult } from './kills.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    'in-memory': { type: 'string', default: '0' },
    lanes: { type: 'string', default: '4' },
    verbose: { type: 'boolean', default: false },
  },
})
const MIB = 1_024 * 1_024

/** Median, longest, and how many. */
function spread(times: readonly number[]): string {
  const [median, longest] = [times[(times.length - 1) >> 1], times.at(-1)]
  return median === undefined || longest === undefined ? 'none' : `${inSeconds(median)}, ${inSeconds(longest)} (${times.length})`
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`
}

function print({ harm, kinds, seconds, processes, lineages }: KillsResult): void {
  const counts = [harm.kills, harm.processes, harm.leaders, harm.wipes, harm.forgotten, harm.stops, lineages]
  console.log('| date | seed | in memory | kills | processes | leaders | wiped | forgotten | stops | histories | seconds |')
  console.log('|---|---|---|---|---|---|---|---|---|---|---|')
  const date = new Date().toISOString().slice(0, 10)
  console.log(`| ${date} | ${values.seed} | ${values['in-memory']} | ${counts.join(' | ')} | ${Math.round(seconds)} |\n`)
  console.log('| collection | acknowledged | per s | unknown | of these applied | refused | fail-over | outage | items | index |')
  console.log('|---|---|---|---|---|---|---|---|---|---|')
  for (const { kind, acknowledged, unknown, applied, refused, failovers, outages, items, index } of kinds) {
    const writes = [acknowledged, Math.round(acknowledged / seconds), unknown, applied, refused].join(' | ')
    console.log(`| ${kind} | ${writes} | ${spread(failovers)} | ${spread(outages)} | ${items} | ${index} |`)
  }
  const sizes = processes.map(({ name, rss, syncs }) => `${name} ${Math.round(rss / MIB)} MiB (${syncs})`)
  console.log(`\nmemory at the end, and states taken in as a whole: ${sizes.join(', ')}`)
}

const since = performance.now()
const onHarm = (line: string): void => console.log(`${((performance.now() - since) / 1_000).toFixed(1)} s: ${line}`)
try {
  const result = await playKills({
    seed: values.seed,
    seconds: Number(values.seconds),
    inMemory: Number(values['in-memory']),
    lanes: Number(values.lanes),
    period: 5_000,
    downtime: 3_000,
    patience: 60_000,
    ...(values.verbose && { onHarm }),
  })
  print(result)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
