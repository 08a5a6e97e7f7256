import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { openScreen } from '../src/screen.ts'
import type { Streams } from '../src/screen.ts'

/** A terminal; `hangUp` is what Node tells when it is gone. */
function terminal() {
  const gone = new Error('EIO')
  let isGone = false
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => isGone && stdin.emit('error', gone),
  })
  const stdout = Object.assign(new PassThrough(), { isTTY: true })
  const hangUp = (): void => {
    isGone = true
    stdin.emit('error', gone)
  }
  return { streams: { stdin, stdout } as unknown as Streams, stdin, stdout, hangUp }
}

it('gives the lines that are typed, to the end of the input', async () => {
  const { streams, stdin } = terminal()
  using screen = openScreen(() => {}, true, streams)
  stdin.end('one\ntwo\n')
  expect([await screen.lines.next(), await screen.lines.next()]).toMatchObject([{ value: 'one' }, { value: 'two' }])
  expect(await screen.lines.next()).toMatchObject({ done: true })
})

it('takes a terminal that is gone for the end of the input, whether it is waited for or not', async () => {
  const [waiting, late] = [terminal(), terminal()]
  using first = openScreen(() => {}, true, waiting.streams)
  using second = openScreen(() => {}, true, late.streams)
  const next = first.lines.next()
  waiting.hangUp()
  late.hangUp()
  expect([await next, await second.lines.next()]).toMatchObject([{ done: true }, { done: true }])
  late.hangUp()
  expect(await second.lines.next()).toMatchObject({ done: true })
})

it('prints nothing that a terminal obeys', async () => {
  const { streams, stdout } = terminal()
  const screen = openScreen(() => {}, true, streams)
  screen.print('12:00 ann: \u001b[31mred\u0007\r\n12:00 bob: hi')
  screen[Symbol.dispose]()
  stdout.end()
  expect(await text(stdout)).toContain('12:00 ann: �[31mred���12:00 bob: hi\n')
})

it('writes nothing of its own where programs read', async () => {
  const { streams, stdin, stdout } = terminal()
  const written: string[] = []
  const screen = openScreen((line) => written.push(line), false, streams)
  stdin.end('one\n')
  expect([await screen.lines.next(), await screen.lines.next()]).toMatchObject([{ value: 'one' }, { done: true }])
  screen.print('two')
  screen[Symbol.dispose]()
  stdout.end()
  expect([await text(stdout), written, screen.isTerminal]).toEqual(['', ['two'], false])
})
