import { createLog, createOutput, printable } from '@mosaik/cli'
import { describe, expect, it, vi } from 'vitest'

function written(flags: { quiet: boolean; json: boolean }): string {
  let text = ''
  const output = createOutput(flags, (more) => (text += more), () => new Date(0)) // prettier-ignore
  output.say('hello')
  output.event('greeted', { peer: 'a\nb', amount: 2n ** 64n })
  output.event('left')
  return text
}

it('is text for people, or an object a line for programs', () => {
  expect(written({ quiet: false, json: false })).toBe('hello\n')
  expect(written({ quiet: true, json: false })).toBe('')
  const lines = written({ quiet: true, json: true }).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: '1970-01-01T00:00:00.000Z', event: 'greeted', peer: 'a\nb', amount: '18446744073709551616' },
    { time: '1970-01-01T00:00:00.000Z', event: 'left' },
  ])
})

describe('text of others', () => {
  it.each([
    ['\u001b[2Jgone\u0007', '�[2Jgone�'],
    ['a\r\nb\u0085c\u2028d', 'a��b�c�d'],
    ['\u202eevil\u2066', '�evil�'],
    ['tab\there', 'tab\there'],
    ['half \ud83d', 'half �'],
    ['👩‍👩‍👧 ñ 日本語 شكرا', '👩‍👩‍👧 ñ 日本語 شكرا'],
  ])('%j is printed as %j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  const odd = '\u001b[2J\u007f\u009b\u2028\n\u202e👋'

  it('is one line for people, and for programs what it was', () => {
    let text = ''
    const write = (more: string): void => void (text += more)
    createOutput({ quiet: false, json: false }, write).say(odd)
    expect(text).toBe('�[2J�����👋\n')
    text = ''
    createOutput({ quiet: false, json: true }, write).event('said', { text: odd })
    expect(JSON.parse(text)).toMatchObject({ text: odd })
    expect(printable(text.slice(0, -1))).toBe(text.slice(0, -1))
  })

  it('is logged with its lines', () => {
    using stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    createLog({ quiet: false, verbose: 0 }).warn('%s said', odd)
    expect(stderr.mock.calls).toEqual([[expect.stringMatching(/ WARN {2}mosaik �\[2J���\n�👋 said\n$/)]])
  })
})
