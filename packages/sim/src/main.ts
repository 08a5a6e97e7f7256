import { parseArgs } from 'node:util'
import { runSeed } from './run-seed.ts'
import { failureReport } from './report.ts'

/**
 * `pnpm sim [--seeds N] [--from S] [--seed X] [--nodes n] [--verbose]`: plays seeds S to S + N − 1, or the seed X.
 *
 * Exit codes: 0 no violation, 1 a violation (named, with the command that replays it), 2 bad arguments.
 */
const HELP = 'pnpm sim [--seeds N=100] [--from S=1] [--seed X] [--nodes n] [--verbose] [--keep-going]'

interface Wanted {
  readonly seeds: readonly string[]
  readonly nodes: number | undefined
  readonly verbose: boolean
  readonly keepGoing: boolean
}

function readArguments(): Wanted {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      nodes: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  })
  const from = count('from', values.from)
  const seeds = values.seed === undefined ? Array.from({ length: count('seeds', values.seeds) }, (_, i) => String(from + i)) : [values.seed]
  return { seeds, nodes: values.nodes === undefined ? undefined : count('nodes', values.nodes), verbose: values.verbose, keepGoing: values['keep-going'] }
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`--${name} is ${text}; it must be a whole number from 0`)
}

async function main(): Promise<number> {
  let wanted: Wanted
  try {
    wanted = readArguments()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${HELP}`)
    return 2
  }
  const { nodes, verbose } = wanted
  const totals = { nodes: 0, items: 0, arrivals: 0, events: 0, virtualMs: 0, failed: 0 }
  const started = process.hrtime.bigint()
  for (const [i, seed] of wanted.seeds.entries()) {
    const outcome = await runSeed(seed, { ...(nodes !== undefined && { nodes }), ...(verbose && { onLine: (line) => console.log(line) }) })
    totals.nodes += outcome.nodes
    totals.items += outcome.items
    totals.arrivals += outcome.arrivals
    totals.events += outcome.events
    totals.virtualMs += outcome.virtualMs
    if (wanted.seeds.length === 1) console.log(`seed ${seed}: ${outcome.nodes} nodes, ${outcome.items} items, ${outcome.arrivals} arrivals, ${outcome.events} events, ${Math.round(outcome.virtualMs)} virtual ms, healed in ${outcome.healedInMs ?? '–'} ms, trace ${outcome.hash}`)
    if (outcome.violation !== undefined) {
      totals.failed += 1
      console.error(failureReport(outcome, nodes))
      if (!wanted.keepGoing) break
    }
    if (i % 50 === 49) console.log(`${i + 1} seeds, ${seconds(started)} s`)
  }
  console.log(`${wanted.seeds.length} seeds, ${totals.failed} failed: ${totals.nodes} machines, ${totals.items} items sent, ${totals.arrivals} arrivals, ${totals.events} events, ${(totals.virtualMs / 3_600_000).toFixed(2)} virtual hours, ${seconds(started)} s`)
  return totals.failed === 0 ? 0 : 1
}

function seconds(started: bigint): string {
  return (Number(process.hrtime.bigint() - started) / 1e9).toFixed(1)
}

process.exitCode = await main()
