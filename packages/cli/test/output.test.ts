import { createOutput } from '@mosaik/cli'
import { expect, it } from 'vitest'

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
