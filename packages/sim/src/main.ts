/**
 * `pnpm sim [--world groups|collections|network] [--seeds N] [--from S] [--nodes n] [--jobs j] [--keep-going]` plays the seeds S to S + N − 1;
 * `pnpm sim [--world …] --seed X [--nodes n] [--verbose]` plays one, and with `--verbose` tells what is done.
 *
 * Exit codes: 0 nothing was violated; 1 something was (it is named, with the command that replays it); 2 bad arguments.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runCampaign } from './campaign.ts'
import { failureReport, oneLine, Totals } from './report.ts'
import type { WorldName } from './outcome.ts'
import { WORLDS } from './worlds.ts'

const HELP =
  'pnpm sim [--world groups|collections|network] [--seeds N] [--from S] [--nodes n] [--jobs j] [--keep-going] | --seed X [--nodes n] [--verbose]'
const LINE_EVERY = 50

interface Wanted {
  readonly world: WorldName
  readonly seed: string | undefined
  readonly seeds: readonly string[]
  readonly nodes: number | undefined
  readonly jobs: number
  readonly verbose: boolean
  readonly keepGoing: boolean
}

function readArguments(): Wanted {
  const { values } = parseArgs({
    options: {
      world: { type: 'string', default: 'groups' },
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      nodes: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      verbose: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  })
  const from = whole('from', values.from, 0)
  const world = values.world
  if (!isWorld(world)) throw new TypeError(`--world is ${world}; it must be groups, collections or network`)
  return {
    world,
    seed: values.seed,
    seeds: Array.from({ length: whole('seeds', values.seeds, 1) }, (_, i) => String(from + i)),
    nodes: values.nodes === undefined ? undefined : whole('nodes', values.nodes, 2),
    jobs: whole('jobs', values.jobs, 1),
    verbose: values.verbose,
    keepGoing: values['keep-going'],
  }
}

function isWorld(name: string): name is WorldName {
  return Object.hasOwn(WORLDS, name)
}

function whole(name: string, text: string, min: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new TypeError(`--${name} is ${text}; it must be a whole number from ${min}`)
}

async function one(seed: string, { world, nodes, verbose }: Wanted): Promise<number> {
  const outcome = await WORLDS[world](seed, {
    ...(nodes !== undefined && { nodes }),
    ...(verbose && { onLine: (line) => console.log(line) }),
  })
  console.log(oneLine(outcome))
  if (outcome.violation === undefined) return 0
  console.error(failureReport(outcome, nodes))
  return 1
}

async function many({ world, seeds, nodes, jobs, keepGoing }: Wanted): Promise<number> {
  const totals = new Totals()
  const started = process.hrtime.bigint()
  const seconds = (): string => (Number(process.hrtime.bigint() - started) / 1e9).toFixed(1)
  await runCampaign({
    world,
    seeds,
    nodes,
    jobs,
    onOutcome: (outcome) => {
      totals.add(outcome)
      if (outcome.violation !== undefined) console.error(failureReport(outcome, nodes))
      if (totals.seeds % LINE_EVERY === 0) console.log(`${totals.seeds} of ${seeds.length} seeds, ${seconds()} s`)
      return keepGoing || totals.failed === 0
    },
  })
  console.log(`${totals.text()}, in ${seconds()} s`)
  return totals.failed === 0 ? 0 : 1
}

async function main(): Promise<number> {
  try {
    const wanted = readArguments()
    return await (wanted.seed === undefined ? many(wanted) : one(wanted.seed, wanted))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`${error.message}\n${HELP}`)
    return 2
  }
}

process.exitCode = await main()
