/**
 * `pnpm bench [--runs 5] [--seconds 3] [--only text] [--write]`: every figure beside its floor or peer, in one run, interleaved.
 * `--write` puts the tables into bench/README.md.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { startNats } from './nats-server.ts'
import { clusterTables } from './rows/clusters.ts'
import { flowTables } from './rows/flow-tables.ts'
import { syncTables } from './rows/sync.ts'
import type { Table } from './table.ts'
import { markdown } from './table.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})
const settings = { runs: Number(values.runs), ms: Number(values.seconds) * 1_000, only: values.only }

const nats = await startNats()
if (nats === undefined) process.stderr.write('nats-server is not installed: its columns stay empty\n')
const tables: Table[] = []
try {
  tables.push(...(await flowTables(settings, nats)), ...(await clusterTables(settings)), ...(await syncTables(settings)))
} finally {
  nats?.stop()
}

const text = tables.map(markdown).join('\n')
process.stdout.write(`\n${text}`)
if (values.write) {
  const readme = new URL('../README.md', import.meta.url)
  const old = await readFile(readme, 'utf8')
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; medians of ${settings.runs} runs of ${settings.ms / 1000} s.`
  await writeFile(readme, old.replace(/(<!-- results -->\n)[\s\S]*(<!-- end -->)/, `$1\n${machine}\n\n${text}\n$2`))
}
