import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ScriptRunner } from './runner.ts'

// RAFT_REWRITE=1 writes what the scripts say now; the diff is for reviewing.
const isRewriting = process.env['RAFT_REWRITE'] === '1'
const scripts = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'))

test.each(scripts)('%s', (name) => {
  const path = join(import.meta.dirname, name)
  const expected = readFileSync(path, 'utf8')
  const actual = play(name, expected)
  if (isRewriting) writeFileSync(path, actual)
  else expect(actual).toBe(expected)
})

test('there are at least forty scripts', () => {
  expect(scripts.length).toBeGreaterThanOrEqual(40)
})

/** The script with what its commands say now. Comments and blank lines stay. */
function play(name: string, script: string): string {
  const runner = new ScriptRunner(name)
  const out: string[] = []
  let said: string[] = []
  let isOutput = false
  for (const line of script.replace(/\n+$/, '').split('\n')) {
    if (isOutput && line !== '') continue
    if (line === '----') {
      out.push(line, ...(said.length === 0 ? ['ok'] : said))
      said = []
      isOutput = true
      continue
    }
    isOutput = false
    out.push(line)
    if (line !== '' && !line.startsWith('#')) said.push(...runner.run(line))
  }
  return `${out.join('\n')}\n`
}
