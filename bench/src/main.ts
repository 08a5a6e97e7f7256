/**
 * `pnpm bench [--runs 5] [--seconds 3] [--trials 20] [--only text] [--write] [--json file]`: every figure beside its floor or peer,
 * in one run, interleaved. `--write` puts the tables into bench/README.md.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { startNats } from './nats-server.ts'
import type { NatsServer } from './nats-server.ts'
import { idling, starting } from './rows/clusters.ts'
import { allKinds } from './rows/collections/kinds.ts'
import { lateReader } from './rows/collections/late.ts'
import { localCalls } from './rows/collections/local.ts'
import { replicatedWrites } from './rows/collections/writes.ts'
import { fanOut, latency, oneToOne } from './rows/flow-tables.ts'
import { inMemory, onDisk } from './rows/groups/calls.ts'
import { coreAlone } from './rows/groups/core.ts'
import { coldStart, failOver } from './rows/groups/lives.ts'
import { footprint } from './rows/groups/footprint.ts'
import { lateJoiner } from './rows/groups/late.ts'
import { manyGroups, thousandGroups } from './rows/groups/many.ts'
import { orderBook } from './rows/orderbook.ts'
import { syncing } from './rows/sync.ts'
import { withTables } from './readme.ts'
import { failed, markdown, progress } from './table.ts'
import type { Settings, Table } from './table.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    trials: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    json: { type: 'string', default: '' },
  },
})
const settings: Settings = {
  runs: positive('runs', values.runs),
  ms: positive('seconds', values.seconds) * 1_000,
  trials: positive('trials', values.trials),
  only: values.only.toLowerCase(),
}
const allBenches = [
  oneToOne,
  latency,
  fanOut,
  starting,
  idling,
  syncing,
  inMemory,
  onDisk,
  coldStart,
  failOver,
  lateJoiner,
  manyGroups,
  thousandGroups,
  footprint,
  coreAlone,
  localCalls,
  replicatedWrites,
  allKinds,
  lateReader,
  orderBook,
]
const benches = allBenches.filter(({ title }) => title.toLowerCase().includes(settings.only))
if (benches.length === 0) throw new Error(`no table is called anything like '${values.only}'`)

const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
const code = process.execArgv.some((argument) => argument.includes('@mosaik/source')) ? 'from source' : 'as built'
const load = loadavg()[0] ?? NaN
const nats = await startNats()
if (nats === undefined) progress('nats-server is not installed: its columns stay empty')
const tables = await measured(nats).finally(() => nats?.stop())

process.stdout.write(`\n${tables.map(markdown).join('\n')}`)
if (values.json !== '') await writeFile(values.json, `${JSON.stringify({ machine, code, settings, load, tables }, undefined, 2)}\n`)
if (values.write && process.exitCode === undefined) {
  const readme = new URL('../README.md', import.meta.url)
  await writeFile(readme, withTables(await readFile(readme, 'utf8'), allBenches, tables, { machine, code, settings, load }))
}

async function measured(server: NatsServer | undefined): Promise<readonly Table[]> {
  const done: Table[] = []
  for (const bench of benches) {
    progress(bench.title)
    try {
      done.push(await bench.run(settings, server))
    } catch (error) {
      failed(error)
    }
  }
  return done
}

function positive(name: string, value: string): number {
  const number = Number(value)
  if (number > 0 && number <= 1_000) return number
  throw new Error(`--${name} is '${value}'; it must be a number above 0`)
}
