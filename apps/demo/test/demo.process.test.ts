import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Sequence } from '../src/sequence.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)

it('tells the whole story in under a minute, and the counts add up', { timeout: 60_000 * FACTOR }, async () => {
  const program = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', program], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', (chunk) => (printed += String(chunk)))
  child.stderr.on('data', (chunk) => (printed += String(chunk)))
  const [code] = await once(child, 'exit')
  expect(printed).toContain('nothing lost, nothing repeated')
  expect(code).toBe(0)
})

it('sees a number that was skipped and one that came twice', () => {
  const sequence = new Sequence()
  for (const n of [5, 6, 9, 9]) sequence.take({ from: 'p', n })
  expect(sequence.counts('p')).toEqual({ peerId: 'p', datums: 4, missing: 2, repeated: 1 })
})
