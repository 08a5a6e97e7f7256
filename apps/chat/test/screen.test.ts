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
  using screen = openScreen(() => {}, streams)
  stdin.end('one\ntwo\n')
  expect([await screen.lines.next(), await screen.lines.next()]).toMatchObject([{ value: 'one' }, { value: 'two' }])
  expect(await screen.lines.next()).toMatchObject({ done: true })
})

it('takes a terminal that is gone for the end of the input, whether it is waited for or not', async () => {
  const [waiting, late] = [terminal(), terminal()]
  using first = openScreen(() => {}, waiting.streams)
  using second = openScreen(() => {}, late.streams)
  const next = first.lines.next()
  waiting.hangUp()
  late.hangUp()
  expect([await next, await second.lines.next()]).toMatchObject([{ done: true }, { done: true }])
  late.hangUp()
  expect(await second.lines.next()).toMatchObject({ done: true })
})

it('prints nothing that a terminal obeys', async () => {
  const { streams, stdout } = terminal()
  const screen = openScreen(() => {}, streams)
  screen.print('12:00 ann: \u001b[31mred\u0007\r\n12:00 bob: hi')
  screen[Symbol.dispose]()
  stdout.end()
  expect(await text(stdout)).toContain('12:00 ann: �[31mred���12:00 bob: hi\n')
})
