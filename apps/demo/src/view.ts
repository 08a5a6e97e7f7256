import { styleText } from 'node:util'
import type { NodeProcess } from './process.ts'
import type { Row } from './summary.ts'

/** What the demo shows: a table that redraws itself on a terminal, plain lines anywhere else. */
export interface View {
  /** One thing that happened; it stays visible. */
  say(line: string): void
  /** Shows the nodes as they are now. */
  show(nodes: readonly NodeProcess[]): void
  end(): void
}

const started = performance.now()
const stamp = (): string => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`

const COLOURS = { starting: 'yellow', running: 'green', killed: 'red', left: 'gray', failed: 'red' } as const

function lineOf(node: NodeProcess): string {
  const { sent, received, known, connected } = node.status
  const flow = node.role === 'producer' ? sent : received
  const total = flow.reduce((sum, { datums }) => sum + datums, 0)
  const verb = node.role === 'producer' ? 'delivered to' : 'received from'
  return [
    node.name.padEnd(11),
    node.state.padEnd(9),
    `knows ${known}`.padEnd(9),
    `${node.role === 'producer' ? 'consumers' : 'producers'} ${connected}`.padEnd(13),
    `${total} ${verb} ${flow.length}`,
  ].join(' ')
}

export function createView(out: NodeJS.WriteStream): View {
  return out.isTTY ? liveView(out) : plainView(out)
}

function plainView(out: NodeJS.WriteStream): View {
  const PLAIN_EVERY_MS = 2_000
  let shown = performance.now()
  return {
    say: (line) => void out.write(`${stamp()}  ${line}\n`),
    show: (nodes) => {
      if (performance.now() - shown < PLAIN_EVERY_MS) return
      shown = performance.now()
      for (const node of nodes) out.write(`${stamp()}    ${lineOf(node)}\n`)
    },
    end: () => {},
  }
}

function liveView(out: NodeJS.WriteStream): View {
  let drawn = 0
  let last: readonly NodeProcess[] = []
  const erase = (): void => {
    if (drawn > 0) out.write(`\u001B[${drawn}A\u001B[0J`)
    drawn = 0
  }
  const draw = (nodes: readonly NodeProcess[]): void => {
    erase()
    for (const node of nodes) out.write(`        ${styleText(COLOURS[node.state], lineOf(node))}\n`)
    drawn = nodes.length
  }
  return {
    say: (line) => {
      erase()
      out.write(`${stamp()}  ${styleText('bold', line)}\n`)
      draw(last)
    },
    show: (nodes) => draw((last = nodes)),
    end: () => {
      drawn = 0
      last = []
    },
  }
}

/** The final table: one row for each producer and consumer that met. */
export function summaryLines(rows: readonly Row[]): readonly string[] {
  const cells = rows.map((row) => [
    row.producer,
    row.consumer,
    row.sent?.toString() ?? 'killed',
    String(row.received),
    String(row.missing),
    String(row.repeated),
    row.right ? 'ok' : 'WRONG',
  ])
  const head = ['producer', 'consumer', 'sent', 'received', 'missing', 'repeated', '']
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)))
  return [head, ...cells].map((line) => line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '))
}
