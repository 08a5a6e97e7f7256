import { createOutput } from '@mosaik/cli'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { tell } from '../src/commands/tell.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** What is printed of a leader that tells both twice a second, for so long. */
function leader(seconds: number, json: boolean): readonly string[] {
  const lines: string[] = []
  const emit = tell(createOutput({ quiet: false, json }, (line) => void lines.push(line)))
  for (let i = 0; i < 2 * seconds; i++) {
    emit('streams', { traders: i, observers: 1 })
    emit('status', { instructions: i, leader: undefined, top: {} })
    vi.advanceTimersByTime(500)
  }
  return lines
}

it('says what comes again and again every other second, and each kind of it', () => {
  expect(leader(6, false)).toEqual([0, 4, 8].flatMap((at) => [`streams  traders ${at}  observers 1\n`, `status  instructions ${at}\n`]))
})

it('tells programs everything', () => {
  const events = leader(6, true).map((line) => JSON.parse(line) as { event: string; instructions?: number; traders?: number })
  expect(events.map(({ event, instructions, traders }) => [event, instructions ?? traders])).toEqual(
    Array.from({ length: 12 }, (_, i) => [['streams', i], ['status', i]]).flat(), // prettier-ignore
  )
})

it('says what happens at once, however often', () => {
  const lines: string[] = []
  const emit = tell(createOutput({ quiet: false, json: false }, (line) => void lines.push(line)))
  emit('leading', { term: 1 })
  emit('following', { after: 1 })
  emit('leading', { term: 2 })
  expect(lines).toEqual(['leading  term 1\n', 'following  after 1\n', 'leading  term 2\n'])
})
