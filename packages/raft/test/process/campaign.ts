/**
 * The long run: kills members of a durable group, `--kills` times one, two or three at once, then as often the leader alone.
 * Prints a row for the table in README.md for each, with the median and the longest time to go on. Exit code 1: something was lost,
 * applied twice, or did not go on.
 *
 * `node --conditions=@mosaik/source packages/raft/test/process/campaign.ts [--kills 200] [--seed 1] [--victims any|leader] [--verbose]`
 */
import { parseArgs } from 'node:util'
import { playKills } from './kills.ts'
import type { KillsOptions, KillsResult } from './kills.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    victims: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})

function timesOf(times: readonly number[]): string {
  if (times.length === 0) return 'none'
  const at = (share: number): string => ((times[Math.floor(share * (times.length - 1))] as number) / 1_000).toFixed(2)
  return `${at(0.5)} s, ${at(1)} s (${times.length})`
}

function row(victims: string, result: KillsResult): string {
  const { kills, processes, allAtOnce, stops, acknowledged, unknown, refused, failovers, outages, seconds } = result
  const counts = [kills, processes, allAtOnce, stops, acknowledged, unknown, refused].join(' | ')
  return `| ${victims} | ${values.seed} | ${counts} | ${timesOf(failovers)} | ${timesOf(outages)} | ${Math.round(seconds)} |`
}

async function play(victims: KillsOptions['victims']): Promise<boolean> {
  const options = {
    seed: values.seed,
    kills: Number(values.kills),
    victims,
    downtime: 3_000,
    between: 500,
    patience: 60_000,
    retention: 512,
  }
  try {
    console.log(row(victims, await playKills({ ...options, ...(values.verbose && { onKill: (line: string) => console.log(line) }) })))
    return true
  } catch (error) {
    console.error((error as Error).message)
    return false
  }
}

console.log(
  '| victims | seed | kills | processes | all at once | stops | acknowledged | unknown | refused | fail-over | outage | seconds |',
)
const wanted = (['any', 'leader'] as const).filter((victims) => values.victims === undefined || values.victims === victims)
for (const victims of wanted) if (!(await play(victims))) process.exitCode = 1
