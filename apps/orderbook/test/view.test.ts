import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Child, ChildState, Fields } from '../src/demo/child.ts'
import { createView } from '../src/demo/view.ts'
import { Terminal } from './terminal.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers().unstubAllEnvs())

function child(name: string, said: Readonly<Record<string, Fields>>, state: ChildState = 'running'): Child {
  const never = (): never => {
    throw new Error('a view does nothing to a process')
  }
  return { name, pid: 1, state, said: (event) => said[event] ?? {}, kill: never, pause: never, resume: never, leave: never }
}

/** The market after so many fills. */
function market(fills: number): readonly Child[] {
  const top = { 'APPLE/EUR': { bid: 14_980, ask: 14_983 }, 'PEAR/EUR': { bid: 5_578 } }
  const matcher = { status: { isLeader: false, members: 4, instructions: 2 * fills } }
  return [
    child('matcher-1', matcher, 'killed'),
    child('matcher-2', { status: { ...matcher.status, isLeader: true, term: 2 }, streams: { traders: 2, observers: 1 } }),
    child('matcher-3', matcher, 'stopped'),
    child('observer', { status: { fills, members: 4, top, prices: { 'APPLE/EUR': 14_981 } } }),
    child('trader ann', {}),
    child('trader bob', {}),
    child('matcher-4', matcher),
  ]
}

/** Ten seconds of the demo, with things that happen; then whatever `meanwhile` does, and a last picture. */
function demo(out: Terminal, meanwhile: () => void = () => {}, err: Terminal = out): void {
  const view = createView(out.stream, err.stream)
  view.say('begins')
  for (let fills = 0; fills < 1_000; fills += 10) {
    view.show(market(fills))
    vi.advanceTimersByTime(100)
    if (fills % 300 === 0) view.say(`${fills}`)
  }
  meanwhile()
  view.warn('one thing')
  view.show(market(1_000))
  view.end()
}

const PICTURE = [
  'leader matcher-2  members 4  fills 1000, 100 per second  streams 2 in, 1 out',
  'instructions 2000',
  'APPLE/EUR  bid 14980  ask 14983  last 14981',
  'PEAR/EUR   bid 5578  ask -  last -',
  'matcher-1 killed  matcher-2 running  matcher-3 stopped  observer running',
  'trader ann running  trader bob running  matcher-4 running',
  '',
]

it.each(['nothing', '^C'])('draws one picture anew, below what has happened, also when %j is typed', (typed) => {
  const terminal = new Terminal(80, 24)
  demo(terminal, () => terminal.write(typed === 'nothing' ? '' : typed))
  const lines = terminal.lines.map((line) => line.replace(/^ *[\d.]+ s {2}/, ''))
  expect(lines).toEqual(['begins', '0', '300', '600', '900', 'one thing', ...PICTURE])
})

it('gives a narrow terminal what says most', () => {
  const terminal = new Terminal(40, 10)
  demo(terminal)
  expect(terminal.lines.slice(-10)).toEqual([
    'leader matcher-2  members 4',
    'fills 1000, 100 per second',
    'streams 2 in, 1 out  instructions 2000',
    'APPLE/EUR  bid 14980  ask 14983',
    'PEAR/EUR   bid 5578  ask -  last -',
    'matcher-1 killed  matcher-2 running',
    'matcher-3 stopped  observer running',
    'trader ann running  trader bob running',
    'matcher-4 running',
    '',
  ])
})

it.each([[120, 40], [80, 24], [40, 10], [39, 9], [20, 5], [20, 2]])('never needs more than %i columns and %i rows', (columns, rows) => {
  const terminal = new Terminal(columns, rows)
  demo(terminal)
  expect(terminal).toMatchObject({ wraps: 0, missed: 0 })
  expect(terminal.lines.filter((line) => line.startsWith('leader'))).toHaveLength(1)
}) // prettier-ignore

it.each([[60, 24], [30, 24], [200, 24]])('draws its only picture in a window that is suddenly %i wide', (columns, rows) => {
  const terminal = new Terminal(80, 24)
  demo(terminal, () => terminal.resize(columns, rows))
  expect(terminal.missed).toBe(0)
  expect(terminal.lines.filter((line) => line.includes('leader'))).toHaveLength(1)
  expect(terminal.lines.filter((line) => line.includes('bid'))).toHaveLength(2)
}) // prettier-ignore

it('takes a terminal that knows no size for a usual one', () => {
  const terminal = new Terminal(80, 24)
  Object.assign(terminal, { columns: 0, rows: 0 })
  const view = createView(terminal.stream, terminal.stream)
  view.show(market(1_000))
  view.end()
  expect(terminal.text).toContain('members 4  fills 1000')
})

it('has the colours that the terminal has', () => {
  vi.stubEnv('FORCE_COLOR', undefined)
  const [none, some] = [new Terminal(80, 24, { colours: false }), new Terminal(80, 24)]
  for (const terminal of [none, some]) demo(terminal)
  expect(none.text).not.toContain('\u001B[39m')
  expect(some.text).toContain('\u001B[31mmatcher-1 killed\u001B[39m')
})

it('prints plain lines where there is no terminal, the picture every two seconds', () => {
  const [out, err] = [new Terminal(40, 10, { isTTY: false }), new Terminal(40, 10, { isTTY: false })]
  demo(out, () => {}, err)
  expect(out.text).not.toContain('\u001B')
  expect(out.text).not.toContain('\r')
  const lines = out.text.trimEnd().split('\n')
  expect(lines.filter((line) => line.includes('leader'))).toHaveLength(5)
  expect(lines.slice(-4).map((line) => line.trimStart())).toEqual([
    'leader matcher-2  members 4  fills 1000, 100 per second  streams 2 in, 1 out  instructions 2000',
    'APPLE/EUR  bid 14980  ask 14983  last 14981',
    'PEAR/EUR   bid 5578  ask -  last -',
    'matcher-1 killed  matcher-2 running  matcher-3 stopped  observer running  trader ann running  trader bob running  matcher-4 running',
  ])
  expect(err.text).toBe('one thing\n')
})
