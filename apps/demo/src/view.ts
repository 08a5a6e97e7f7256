import { styleText } from 'node:util'
import type { NodeProcess } from './process.ts'
import { table } from './table.ts'

/** What the demo shows: a table that redraws itself on a terminal, plain lines anywhere else. */
export interface View {
  /** One thing that happened; it stays visible. */
  say(line: string): void
  /** Shows the nodes as they are now. */
  show(nodes: readonly NodeProcess[]): void
  end(): void
}

const INDENT = ' '.repeat(9)
const stamp = (): string => `${(performance.now() / 1000).toFixed(1).padStart(5)} s`
const shortId = (peerId: string): string => (peerId === '' ? '' : `…${peerId.slice(-6)}`)

export function createView(out: NodeJS.WriteStream): View {
  return out.isTTY ? liveView(out) : plainView(out)
}

/** What a node made, or took. */
function itemsOf({ role, status }: NodeProcess): number {
  return (role === 'producer' ? status.sent : status.received).reduce((sum, { datums }) => sum + datums, 0)
}

/** Items per second, over the last second or so. */
function createRates(): (node: NodeProcess) => number {
  const seen = new Map<string, { at: number; items: number; rate: number }>()
  return (node) => {
    const now = performance.now()
    const items = itemsOf(node)
    const last = seen.get(node.name) ?? { at: now, items, rate: 0 }
    const seconds = (now - last.at) / 1000
    const next = seconds < 1 ? last : { at: now, items, rate: Math.round((items - last.items) / seconds) }
    seen.set(node.name, next)
    return next.rate
  }
}

function plainView(out: NodeJS.WriteStream): View {
  const PLAIN_EVERY_MS = 2_000
  const rateOf = createRates()
  let shown = performance.now()
  let ended = false
  return {
    say: (line) => void out.write(`${stamp()}  ${line}\n`),
    show: (nodes) => {
      const consumers = nodes.filter(({ role }) => role === 'consumer')
      const sum = (of: (node: NodeProcess) => number): number => consumers.reduce((total, node) => total + of(node), 0)
      const rate = sum(rateOf)
      if (ended || performance.now() - shown < PLAIN_EVERY_MS) return
      shown = performance.now()
      const running = nodes.filter(({ state }) => state === 'running').length
      const channels = sum(({ status }) => status.connected)
      out.write(`${INDENT}nodes running ${running}, channels ${channels}, items received ${sum(itemsOf)}, per second ${rate}\n`)
    },
    end: () => void (ended = true),
  }
}

const COLOURS = { starting: 'yellow', running: 'green', killed: 'red', left: 'gray', failed: 'red' } as const
const HEAD = ['node', 'peer', 'state   ', 'knows', 'channels', 'items', 'items/s']

function liveView(out: NodeJS.WriteStream): View {
  const REDRAW_MS = 100
  const rateOf = createRates()
  let nodes: readonly NodeProcess[] = []
  let drawn = 0
  let timer: NodeJS.Timeout | undefined
  let ended = false

  const lines = (): string[] => {
    if (nodes.length === 0) return []
    const rows = nodes.map((node) => {
      const { name, peerId, state, status } = node
      const live = state === 'running' ? [String(status.known), String(status.connected)] : ['', '']
      return [name, shortId(peerId), state, ...live, String(itemsOf(node)), state === 'running' ? String(rateOf(node)) : '']
    })
    const fitting = table([HEAD, ...rows], 3).map((line) => `${INDENT}${line}`.slice(0, Math.max(1, out.columns - 1)))
    return fitting.map((line, i) => styleText(i === 0 ? 'dim' : COLOURS[nodes[i - 1]?.state ?? 'left'], line))
  }
  /** One write, so that nothing flickers; whatever is to stay goes above the table. */
  const draw = (above = ''): void => {
    clearTimeout(timer)
    timer = undefined
    const table = lines()
    out.write(`${drawn > 0 ? `\u001B[${drawn}A` : ''}\u001B[0J${above}${table.map((line) => `${line}\n`).join('')}`)
    drawn = table.length
  }
  return {
    say: (line) => draw(`${stamp()}  ${styleText('bold', line)}\n`),
    show: (now) => {
      nodes = now
      if (!ended) timer ??= setTimeout(() => draw(), REDRAW_MS)
    },
    end: () => {
      if (!ended) draw()
      ended = true
    },
  }
}
