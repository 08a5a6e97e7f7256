import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { Sequence } from '../src/sequence.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))

const running: ChildProcess[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGTERM') // it ends its own children
})

/** Runs the demo in a process group of its own, as a shell does. `onPrint` sees everything printed so far. */
async function demo(flags: readonly string[], onPrint: (printed: string, group: number) => void = () => {}) {
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  running.push(child)
  let printed = ''
  const onData = (chunk: unknown): void => {
    printed += String(chunk)
    onPrint(printed, -(child.pid as number))
  }
  child.stdout.on('data', onData)
  child.stderr.on('data', onData)
  const [code] = await once(child, 'exit')
  return { printed, code }
}

/** What Ctrl+C does, once, as soon as this is printed. */
function interruptAfter(text: string): (printed: string, group: number) => void {
  let interrupted = false
  return (printed, group) => {
    if (interrupted || !printed.includes(text)) return
    interrupted = true
    process.kill(group, 'SIGINT')
  }
}

it('tells the whole story in under a minute, and the counts add up', { timeout: 60_000 * FACTOR }, async () => {
  const { printed, code } = await demo([])
  expect(printed).toContain('nothing lost, nothing repeated')
  expect(code).toBe(0)
})

it('goes on with --keep until Ctrl+C, and then ends as gracefully', { timeout: 60_000 * FACTOR }, async () => {
  const { printed, code } = await demo(['--keep'], interruptAfter('Ctrl+C ends it'))
  expect(printed).toContain('nothing lost, nothing repeated')
  expect(code).toBe(0)
})

it('ends soon when it is interrupted, and says so', { timeout: 60_000 * FACTOR }, async () => {
  const { printed, code } = await demo([], interruptAfter('started 3 producers'))
  expect(printed).toContain('demo: interrupted while waiting for')
  expect(code).toBe(1)
})

it('sees a number that was skipped and one that came twice', () => {
  const sequence = new Sequence()
  for (const n of [5, 6, 9, 9]) sequence.take({ from: 'p', n })
  expect(sequence.counts('p')).toEqual({ peerId: 'p', datums: 4, missing: 2, repeated: 1 })
})
