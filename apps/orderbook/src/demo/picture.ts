import type { Child, ChildState } from './child.ts'
import { number } from './summary.ts'

/** A part of a line that is not broken. */
export interface Item {
  readonly text: string
  /** Of the process that it is about. */
  readonly state?: ChildState
}

/** Its items are written with `BETWEEN` between them. */
export type Line = readonly Item[]

export const BETWEEN = '  '

export function leaderOf(children: readonly Child[]): Child | undefined {
  const led = children.filter(({ state, said }) => state === 'running' && said('status')['isLeader'] === true)
  return led.toSorted((a, b) => number(b.said('status'), 'term') - number(a.said('status'), 'term'))[0]
}

function factsOf(children: readonly Child[], rateOf: (fills: number) => number): Line {
  const leader = leaderOf(children)
  const fills = number(observed(children), 'fills')
  const most = (name: string): number => Math.max(0, ...children.map(({ said }) => number(said('status'), name)))
  const streams = leader?.said('streams') ?? {}
  return [
    `leader ${leader?.name ?? 'none'}`,
    `members ${most('members')}`,
    `fills ${fills}, ${rateOf(fills)} per second`,
    `streams ${number(streams, 'traders')} in, ${number(streams, 'observers')} out`,
    `instructions ${most('instructions')}`,
  ].map((text) => ({ text }))
}

/**
 * The market in few words, the best prices of each pair, and the processes, in lines of at most so many characters; what says most comes
 * first. `rateOf` is told how many fills there are.
 */
export function pictureOf(children: readonly Child[], rateOf: (fills: number) => number, width: number): readonly Line[] {
  const states = children.map(({ name, state }) => ({ text: `${name} ${state}`, state }))
  return [
    ...fitted(factsOf(children, rateOf), width),
    ...pairsOf(children).flatMap((pair) => fitted(pair, width).slice(0, 1)), // the last price has room, or is left out
    ...fitted(states, width),
  ]
}

function pairsOf(children: readonly Child[]): readonly Line[] {
  const { top = {}, prices = {} } = observed(children) as {
    readonly top?: Readonly<Record<string, { readonly bid?: number; readonly ask?: number }>>
    readonly prices?: Readonly<Record<string, number>>
  }
  const longest = Math.max(0, ...Object.keys(top).map(({ length }) => length))
  return Object.entries(top).map(([pair, { bid, ask }]) =>
    [pair.padEnd(longest), `bid ${bid ?? '-'}`, `ask ${ask ?? '-'}`, `last ${prices[pair] ?? '-'}`].map((text) => ({ text })),
  )
}

function observed(children: readonly Child[]): Readonly<Record<string, unknown>> {
  return children.find(({ name }) => name === 'observer')?.said('status') ?? {}
}

/** As many items to a line as there is room for; one that is longer than a line is cut. */
function fitted(items: Line, width: number): readonly Line[] {
  const lines: Item[][] = []
  let left = 0
  for (const item of items) {
    const text = item.text.slice(0, width)
    if (lines.length === 0 || left < BETWEEN.length + text.length) {
      lines.push([])
      left = width + BETWEEN.length
    }
    lines.at(-1)?.push({ ...item, text })
    left -= BETWEEN.length + text.length
  }
  return lines
}
