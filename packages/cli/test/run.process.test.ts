import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it, vi } from 'vitest'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
vi.setConfig({ testTimeout: 60_000 * FACTOR })
const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url))
const running: ChildProcessByStdio<null, Readable, Readable>[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

type Event = Readonly<Record<string, unknown>>

function start(flags: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  return child
}

/** Runs the program, and sends it these signals once it is ready. */
async function run(flags: readonly string[], ...signals: readonly NodeJS.Signals[]) {
  const child = start(flags)
  const [exit, stderr] = [once(child, 'exit'), text(child.stderr)]
  const events: Event[] = []
  let asked = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as Event
    events.push(event)
    if (event['event'] !== 'ready' && event['event'] !== 'leaving') continue
    asked ||= performance.now()
    const signal = signals[events.filter(({ event: name }) => name !== 'started').length - 1]
    if (signal !== undefined) child.kill(signal)
  }
  const [code] = (await exit) as [number | null]
  return { code, events, stderr: await stderr, took: performance.now() - asked }
}

const names = (events: readonly Event[]): unknown[] => events.map(({ event }) => event)

it('exits 0 when its work is done, with its network closed', async () => {
  const { code, events, stderr } = await run(['--way', 'done', '--json'])
  expect([code, names(events), stderr]).toEqual([0, ['started', 'ready'], ''])
  expect(events[0]).toMatchObject({ program: 'mosaik-test', addresses: [], time: expect.stringMatching(/^\d{4}-.*Z$/) })
})

it.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)('exits 0 when %s asks it to end', async (signal) => {
  const { code, events, stderr, took } = await run(['--way', 'waits', '--json'], signal)
  expect([code, events.at(-1), stderr]).toMatchObject([0, { event: 'leaving', reason: signal }, ''])
  expect(took).toBeLessThan(5_000 * FACTOR)
})

it('goes on, and ends well, when nobody takes its log any more', async () => {
  const child = start(['--way', 'waits', '--json', '-vv'])
  const exit = once(child, 'exit')
  child.stderr.destroy()
  const events: unknown[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const { event } = JSON.parse(line) as Event
    events.push(event)
    if (event === 'ready') child.kill('SIGTERM')
  }
  expect([await exit, events]).toEqual([
    [0, null],
    ['started', 'ready', 'leaving'],
  ])
})

it('ends well when nobody reads its output, before that takes all memory', async () => {
  const child = start(['--way', 'floods', '--json'])
  const exit = once(child, 'exit')
  expect(await text(child.stderr)).toMatch(/^.* it ends: too much of its output waits to be read\n$/)
  expect(await exit).toEqual([0, null])
})

it('closes the network under a body that does not end by itself', async () => {
  const { code, stderr, took } = await run(['--way', 'ignores', '--json'], 'SIGTERM')
  // Its events have ended, and what it does then is a failure of its own.
  expect([code, stderr]).toEqual([1, 'mosaik-test: as it was told\n'])
  expect(took).toBeLessThan(5_000 * FACTOR)
})

it('ends within 5 s whatever its body does', async () => {
  const { code, stderr, took } = await run(['--way', 'hangs', '--json'], 'SIGTERM')
  expect([code, stderr]).toEqual([1, 'mosaik-test: it did not end in time\n'])
  expect(took).toBeLessThan(5_000 * FACTOR)
})

it('ends at once, with 1, when it is asked twice', async () => {
  const { code, stderr, took } = await run(['--way', 'hangs', '--json'], 'SIGINT', 'SIGTERM')
  expect([code, stderr]).toEqual([1, ''])
  expect(took).toBeLessThan(1_000 * FACTOR)
})

it('is asked once by a signal that comes again at once', async () => {
  expect(await run(['--way', 'is-told-again', '--json'], 'SIGINT')).toMatchObject({ code: 0, stderr: '' })
})

it.each(['SIGHUP', 'SIGTERM'] as const)('is not asked twice by SIGHUP and %s: it has its time', async (signal) => {
  expect(await run(['--way', 'hangs', '--json'], 'SIGHUP', signal)).toMatchObject({ stderr: 'mosaik-test: it did not end in time\n' })
})

it('is not asked twice by a signal after nobody reads its output any more', async () => {
  const child = start(['--way', 'hangs-telling', '--json'])
  const errors: string[] = []
  await once(createInterface({ input: child.stdout }), 'line')
  child.stdout.destroy()
  for await (const line of createInterface({ input: child.stderr })) {
    errors.push(line)
    if (line.endsWith('it is asked to end')) child.kill('SIGINT')
  }
  expect(errors.at(-1)).toBe('mosaik-test: it did not end in time')
})

it('keeps its exit code when a signal comes after its end', async () => {
  expect(await run(['--way', 'lingers', '--json'], 'SIGTERM')).toMatchObject({ code: 0, stderr: '' })
})

it('keeps its exit code when signals come while Node tidies up', async () => {
  const child = start(['--way', 'exits', '--json'])
  const exit = once(child, 'exit')
  let signals: NodeJS.Timeout | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('ready')) signals = setInterval(() => child.kill('SIGTERM'), 1)
  }
  const ended = await exit
  clearInterval(signals)
  expect(ended).toEqual([0, null])
})

it.each(['fails', 'fails-late'])('exits 1 when it %s, and says why', async (way) => {
  const { code, events, stderr } = await run(['--way', way, '--json'], 'SIGTERM')
  expect([code, stderr, events.at(-1)]).toMatchObject([1, 'mosaik-test: as it was told\n', { event: 'failed', message: 'as it was told' }])
})

it('says why it fails without anything that a terminal might obey', async () => {
  expect(await run(['--way', 'fails-oddly', '--json'])).toMatchObject({ code: 1, stderr: 'mosaik-test: �[2Jas it was told\n' })
})

it('exits 2 when its arguments cannot be used, and 0 when it was only asked about them', async () => {
  expect(await run(['--way', 'nowhere', '--json'])).toMatchObject({ code: 2, events: [], stderr: expect.stringContaining("'nowhere'") })
  expect((await run([])).code).toBe(2)
  expect(await once(start(['--help']), 'exit')).toEqual([0, null])
})
