import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))

const running: ChildProcess[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGTERM') // it ends its own children
})

/** Runs the demo to its end. `onPrint` sees everything that was printed so far. */
async function demo(flags: readonly string[], onPrint: (printed: string, child: ChildProcess) => void = () => {}) {
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, 'demo', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      printed[name] += String(chunk)
      onPrint(printed.stdout, child)
    })
  }
  const [code] = await once(child, 'close')
  return { ...printed, code }
}

it('stops a follower, kills the leader, lets a matcher join, and every sum holds', { timeout: 60_000 * FACTOR }, async () => {
  const { stdout, stderr, code } = await demo(['--json', '--count', '2500', '--rate', '400', '--network-id', 'orderbook-test'])
  expect(code, stderr).toBe(0)
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) // prettier-ignore
  const summary = lines.find(({ event }) => event === 'summary')
  expect(summary).toMatchObject({ sent: 5_000, accepted: 5_000, replicas: 3, broken: [] })
  expect(summary?.['fillsSeen']).toBe(summary?.['fills'])
  expect(summary?.['fills']).toBeGreaterThan(100)
})

it('ends soon when it is interrupted, and says so', { timeout: 40_000 * FACTOR }, async () => {
  let isAsked = false
  const { stderr, code } = await demo([], (printed, child) => {
    if (isAsked || !printed.includes('bootstrap listens')) return
    isAsked = true
    child.kill('SIGINT')
  })
  expect(stderr).toContain('interrupted while waiting for')
  expect(code).toBe(1)
})
