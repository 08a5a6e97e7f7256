import { fixed } from './stats.ts'
import { markdown } from './table.ts'
import type { Settings, Table } from './table.ts'

export interface Conditions {
  readonly machine: string
  readonly settings: Settings
  /** Whether packages were run as built or from source. */
  readonly code: string
  /** The machine's load before the start. */
  readonly load: number
}

const BEGIN = '<!-- results -->\n'
const END = '<!-- end -->'

/**
 * `text` with the tables of this run in place of older ones of the same title, in the order of `benches`. Each says how it was
 * measured, since not all need to come from one run. Tables that no benchmark makes any more are gone.
 */
export function withTables(
  text: string,
  benches: readonly { readonly title: string }[],
  tables: readonly Table[],
  { machine, code, settings: { runs, ms }, load }: Conditions,
): string {
  const from = text.indexOf(BEGIN) + BEGIN.length
  const to = text.indexOf(END)
  const known = new Map(
    text
      .slice(from, to)
      .split(/^(?=### )/m)
      .map((section) => [/^### (.*)/.exec(section)?.[1] ?? '', section.trim()]),
  )
  const how = `*${machine}, ${code}; \`--runs ${runs} --seconds ${ms / 1_000}\`; the machine's load before the start: ${fixed(load, 2)}.*`
  for (const table of tables) known.set(table.title, `${markdown(table).trim()}\n\n${how}`)
  const sections = benches.flatMap(({ title }) => known.get(title) ?? [])
  return `${text.slice(0, from)}\n${sections.join('\n\n\n')}\n\n${text.slice(to)}`
}
