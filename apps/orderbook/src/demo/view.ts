import { styleText } from 'node:util'
import type { Child, ChildState } from './child.ts'
import { number } from './summary.ts'

/** What the demo shows: a picture that is drawn anew on a terminal, plain lines anywhere else. */
export interface View {
  /** One thing that happened; it stays visible. */
  say(line: string): void
  /** Shows the processes as they are now. */
  show(children: readonly Child[]): void
  end(): void
}

const PLAIN_EVERY_MS = 2_000
const REDRAW_MS = 100
const COLOURS = { running: 'green', stopped: 'yellow', killed: 'red', done: 'gray', failed: 'red' } as const satisfies Record<
  ChildState,
  string
>

export function createView(out: NodeJS.WriteStream): View {
  return out.isTTY ? liveView(out) : plainView(out)
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

export function leaderOf(children: readonly Child[]): Child | undefined {
  const led = children.filter(({ state, said }) => state === 'running' && said('status')['isLeader'] === true)
  return led.toSorted((a, b) => number(b.said('status'), 'term') - number(a.said('status'), 'term'))[0]
}

/** The market in lines, the first of which says most. */
export function pictureOf(children: readonly Child[], rateOf: (fills: number) => number): string[] {
  const leader = leaderOf(children)
  const observer = children.find(({ name }) => name === 'observer')?.said('status') ?? {}
  const fills = number(observer, 'fills')
  const most = (name: string): number => Math.max(0, ...children.map(({ said }) => number(said('status'), name)))
  const streams = leader?.said('streams') ?? {}
  const group = `leader ${leader?.name ?? 'none'}  members ${most('members')}  instructions ${most('instructions')}`
  const flows = `fills ${fills}  per second ${rateOf(fills)}  streams ${number(streams, 'traders')} in, ${number(streams, 'observers')} out`
  const top = (observer['top'] ?? {}) as Record<string, { readonly bid?: number; readonly ask?: number }>
  const prices = (observer['prices'] ?? {}) as Record<string, number>
  const pairs = Object.entries(top).map(
    ([pair, { bid, ask }]) => `${pair.padEnd(12)} bid ${bid ?? '-'}  ask ${ask ?? '-'}  last ${prices[pair] ?? '-'}`,
  )
  return [`${group}  ${flows}`, ...pairs]
}

function plainView(out: NodeJS.WriteStream): View {
  const rateOf = createRate()
  let shownAt = performance.now()
  return {
    say: (line) => void out.write(`${stamp()}  ${line}\n`),
    show: (children) => {
      const [first] = pictureOf(children, rateOf)
      if (performance.now() - shownAt < PLAIN_EVERY_MS) return
      shownAt = performance.now()
      out.write(`         ${first}\n`)
    },
    end: () => {},
  }
}

function liveView(out: NodeJS.WriteStream): View {
  const rateOf = createRate()
  let children: readonly Child[] = []
  let drawn = 0
  let timer: NodeJS.Timeout | undefined
  let hasEnded = false
  /** One write, so that nothing flickers; what is to stay goes above. */
  const draw = (above = ''): void => {
    clearTimeout(timer)
    timer = undefined
    const states = children.map(({ name, state }) => styleText(COLOURS[state], `${name} ${state}`))
    const fitting = children.length === 0 ? [] : pictureOf(children, rateOf).map((line) => line.slice(0, Math.max(1, out.columns - 1)))
    const lines = [...fitting, ...states]
    out.write(`${drawn > 0 ? `\u001B[${drawn}A` : ''}\u001B[0J${above}${lines.map((line) => `${line}\n`).join('')}`)
    drawn = lines.length
  }
  return {
    say: (line) => draw(`${stamp()}  ${styleText('bold', line)}\n`),
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
