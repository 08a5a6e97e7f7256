import { CommanderError, parseProgram } from '@mosaik/cli'
import { describe, expect, it } from 'vitest'
import { Absences } from '../src/absences.ts'
import type { Message } from '../src/definitions.ts'
import { lostOf, Seen } from '../src/history.ts'
import { commandLine } from '../src/options.ts'
import { labelOf, MAX_TEXT, piecesOf, shortened } from '../src/text.ts'

const message = (id: number): Message => ({ id: String(id), from: 'p' as Message['from'], name: 'n', text: 't', at: id })

it('shows the beginning of what is too long', () => {
  expect(shortened('x'.repeat(10_000), 5)).toBe('xxxx…')
  expect(shortened('tab\there', 100)).toBe('tab here')
})

describe('a long line', () => {
  it('becomes messages, and no character is lost or split', () => {
    const text = `x${'😀'.repeat(3 * MAX_TEXT)}`
    const pieces = piecesOf(`  ${text} `)
    expect(pieces.join('')).toBe(text)
    expect(pieces.every((piece) => piece.length <= MAX_TEXT && piece.isWellFormed())).toBe(true)
  })

  it('is nothing when it is empty', () => {
    expect(piecesOf(' \t ')).toEqual([])
  })
})

it.each([
  ['--name', '\u001b[2J'],
  ['--name', ' '],
  ['--name', 'a\tb'],
  ['--name', 'x'.repeat(41)],
  ['--room', ''],
])('refuses %s %j', (flag, value) => {
  const quiet = { writeErr() {}, outputError() {} }
  const argv = ['--room', 'r', '--name', 'n', flag, value]
  expect(() => parseProgram(commandLine, argv, {}, (command) => command.exitOverride().configureOutput(quiet))).toThrow(CommanderError)
})

it('tells those apart who have one name', () => {
  const people = new Map([['peer-111111', 'ann'], ['peer-222222', 'ann'], ['peer-333333', 'bob']]) // prettier-ignore
  expect(Array.from(people, ([peer, name]) => labelOf(peer, name, people))).toEqual(['ann (…111111)', 'ann (…222222)', 'bob'])
  expect(labelOf('peer-444444', 'bob', people)).toBe('bob (…444444)')
  expect(labelOf('peer-444444', 'b\u0007b', [['peer-333333', 'b\u0008b']])).toBe('b�b (…444444)')
})

it('counts an absence from when it began, and anew after a return', () => {
  const absences = new Absences()
  const gone = (there: readonly string[], now: number): readonly string[] =>
    absences.gone(['a', 'b'], (peer) => there.includes(peer), now, 3_000)
  expect(gone(['a'], 0)).toEqual([])
  expect(gone(['a'], 2_999)).toEqual([])
  expect(gone(['a'], 3_000)).toEqual(['b'])
  expect(gone(['a', 'b'], 3_100)).toEqual([])
  expect(gone([], 5_000)).toEqual([])
  expect(gone([], 8_000)).toEqual(['a', 'b'])
})

describe('the history', () => {
  it('tells each message once', () => {
    const seen = new Seen(4)
    expect(seen.fresh([message(1), message(2), message(2)])).toEqual([message(1), message(2)])
    expect(seen.fresh([message(2), message(3)])).toEqual([message(3)])
    expect(seen.fresh([null, 7, { id: 'x' }] as never)).toEqual([])
    expect(seen.fresh([message(1), message(2), message(3)])).toEqual([])
  })

  it('tells each message once, too, when it is longer than what is remembered', () => {
    const seen = new Seen(2)
    const history = [1, 2, 3, 4, 5].map(message)
    expect(seen.fresh(history)).toEqual(history)
    expect(seen.fresh(history)).toEqual([])
    expect(seen.fresh([...history.slice(1), message(6)])).toEqual([message(6)])
    // What has left the history is forgotten.
    expect(seen.fresh([message(1)])).toEqual([message(1)])
  })

  it('knows what of mine it lacks, and not what made room for others', () => {
    const mine = [message(1), message(5), message(6)]
    expect(lostOf(mine, [message(5)], 2)).toEqual([message(1), message(6)])
    expect(lostOf(mine, [message(4), message(5)], 2)).toEqual([message(6)])
  })
})
