export interface Settings {
  readonly runs: number
  readonly ms: number
  /** Only tables whose title contains this. */
  readonly only: string
}

/** One benchmark: measured figures, and what they are held against. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly note?: string
}

export function markdown({ title, head, rows, note }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return `### ${title}\n\n${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}${note === undefined ? '' : `\n${note}\n`}\n`
}

export const progress = (text: string): void => void process.stderr.write(`${text}\n`)

/** A figure could not be measured: said, and the exit code tells; the others go on. */
export function failed(error: unknown): void {
  process.exitCode = 1
  progress(`  FAILED: ${error instanceof Error ? error.message : String(error)}`)
}
