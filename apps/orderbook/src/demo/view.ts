import { styleText } from 'node:util'
import type { Child, ChildState } from './child.ts'
import { BETWEEN, pictureOf } from './picture.ts'
import type { Item, Line } from './picture.ts'

/** What the demo shows: a picture that is drawn anew on a terminal, and printed now and then anywhere else. */
export interface View {
  /** One thing that happened; it stays visible. */
  say(line: string): void
  /** What a process has to complain about: it goes to stderr. */
  warn(line: string): void
  /** Shows the processes as they are now. */
  show(children: readonly Child[]): void
  end(): void
}

const PLAIN_EVERY_MS = 2_000
const REDRAW_MS = 100
/** Of a terminal that does not know its own. */
const USUAL = { columns: 80, rows: 24 }
const COLOURS = { running: 'green', stopped: 'yellow', killed: 'red', done: 'gray', failed: 'red' } as const satisfies Record<
  ChildState,
  string
>

export function createView(out: NodeJS.WriteStream, err: NodeJS.WritableStream): View {
  return out.isTTY ? liveView(out, err) : plainView(out, err)
}

/** Shows nothing but complaints. */
export function silentView(err: NodeJS.WritableStream): View {
  return { say: () => {}, warn: (line) => void err.write(`${line}\n`), show: () => {}, end: () => {} }
}

/** Fills per second, over the last second or so. */
function createRate(): (fills: number) => number {
  let last = { at: performance.now(), fills: 0, rate: 0 }
  return (fills) => {
    const now = performance.now()
    const seconds = (now - last.at) / 1000
    if (seconds >= 1) last = { at: now, fills, rate: Math.round((fills - last.fills) / seconds) }
    return last.rate
  }
}

function stamp(): string {
  return `${(performance.now() / 1000).toFixed(1).padStart(5)} s`
}

function textOf(line: Line, style: (item: Item) => string = ({ text }) => text): string {
  return line.map(style).join(BETWEEN)
}

function plainView(out: NodeJS.WriteStream, err: NodeJS.WritableStream): View {
  const rateOf = createRate()
  let shownAt = performance.now()
  return {
    ...silentView(err),
    say: (line) => void out.write(`${stamp()}  ${line}\n`),
    show: (children) => {
      if (performance.now() - shownAt < PLAIN_EVERY_MS) return
      shownAt = performance.now()
      const lines = pictureOf(children, rateOf, Number.POSITIVE_INFINITY)
      out.write(lines.map((line) => `         ${textOf(line)}\n`).join(''))
    },
  }
}

function liveView(out: NodeJS.WriteStream, err: NodeJS.WritableStream): View {
  const rateOf = createRate()
  let children: readonly Child[] = []
  let drawn: readonly number[] = []
  let timer: NodeJS.Timeout | undefined
  let hasEnded = false
  const size = (): typeof USUAL => ({ columns: out.columns || USUAL.columns, rows: out.rows || USUAL.rows })
  const styled = ({ text, state }: Item): string => (state === undefined ? text : styleText(COLOURS[state], text, { stream: out }))
  /** Back to where the picture begins, which takes more rows when the terminal has become narrower than its lines. */
  const erase = (): string => {
    const { columns } = size()
    const rows = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    drawn = []
    return `\r${rows > 0 ? `\u001B[${rows}A` : ''}\u001B[0J`
  }
  /** One write, so that nothing flickers; what is to stay goes above. The cursor needs a column and a row for itself. */
  const draw = (above = ''): void => {
    clearTimeout(timer)
    timer = undefined
    const { columns, rows } = size()
    const lines = children.length === 0 ? [] : pictureOf(children, rateOf, Math.max(1, columns - 1)).slice(0, rows - 1)
    out.write(`${erase()}${above}${lines.map((line) => `${textOf(line, styled)}\n`).join('')}`)
    drawn = lines.map((line) => textOf(line).length)
  }
  return {
    say: (line) => draw(`${stamp()}  ${styleText('bold', line, { stream: out })}\n`),
    warn: (line) => {
      out.write(erase())
      err.write(`${line}\n`)
      draw()
    },
    show: (now) => {
      children = now
      if (!hasEnded) timer ??= setTimeout(() => draw(), REDRAW_MS)
    },
    end: () => {
      if (!hasEnded) draw()
      hasEnded = true
    },
  }
}
