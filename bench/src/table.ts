import type { NatsServer } from './nats-server.ts'
import { figure, short } from './stats.ts'

export interface Settings {
  readonly runs: number
  readonly ms: number
  /** Of what happens once per cluster: how often. */
  readonly trials: number
  /** Only tables whose title contains this. */
  readonly only: string
}

/** One benchmark: measured figures, and what they are held against. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly note?: string
  readonly goals?: readonly Goal[]
}

/** A figure that has to reach something. `undefined` where nothing is asked. */
export interface Goal {
  readonly what: string
  readonly value: number
  readonly unit?: string
  readonly better: 'more' | 'less'
  readonly floor?: number | undefined
  readonly target?: number | undefined
  readonly stretch?: number | undefined
}

export interface Bench {
  readonly title: string
  run(settings: Settings, nats: NatsServer | undefined): Promise<Table>
}

export function markdown({ title, head, rows, note, goals = [] }: Table): string {
  const parts = [grid(head, rows)]
  if (goals.length > 0) parts.push(grid(['goal', 'measured', 'floor', 'target', 'stretch', 'reached'], goals.map(goalCells)))
  if (note !== undefined) parts.push(`${note}\n`)
  return `### ${title}\n\n${parts.join('\n')}\n`
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return `${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`
}

function goalCells({ what, value, unit = '', better, ...levels }: Goal): string[] {
  const { floor, target, stretch } = levels
  const limit = (level: number | undefined): string =>
    level === undefined ? '–' : `${better === 'more' ? '≥' : '≤'} ${level >= 1e4 ? short(level) : level}${unit}`
  return [
    what,
    Number.isNaN(value) ? '–' : `${figure(value)}${unit}`,
    limit(floor),
    limit(target),
    limit(stretch),
    reached(value, better, levels),
  ]
}

/** The highest level that the figure reaches. */
function reached(value: number, better: Goal['better'], { floor, target, stretch }: Pick<Goal, 'floor' | 'target' | 'stretch'>): string {
  if (Number.isNaN(value)) return 'not measured'
  const meets = (level: number | undefined): boolean => level !== undefined && (better === 'more' ? value >= level : value <= level)
  if (meets(stretch)) return 'stretch'
  if (meets(target)) return 'target'
  if (meets(floor)) return 'floor'
  return floor === undefined ? '' : '**below the floor**'
}

export const progress = (text: string): void => void process.stderr.write(`${text}\n`)

/** A figure could not be measured: said, and the exit code tells; the others go on. */
export function failed(error: unknown): void {
  process.exitCode = 1
  progress(`  FAILED: ${error instanceof Error ? error.message : String(error)}`)
}
