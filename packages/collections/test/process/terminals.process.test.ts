import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const running: ChildProcessByStdio<null, Readable, null>[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** What is to be pasted, with what `pnpm start` does in its place, and on a port that nothing else here uses. */
function blocks(): readonly string[] {
  const all = readFileSync(`${root}/README.md`, 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)
  const pasted = [...all].map(([, block = '']) => block).filter((block) => block.includes("<<'END'"))
  const port = 10_000 + (process.pid % 20_000)
  const start = `exec '${process.execPath}' --conditions=@mosaik/source`
  return pasted.map((block) => block.replace('npx -y pnpm@12 start', start).replace('4700', String(port)))
}

/** What it prints, until there are so many different lines. */
async function printed(block: string | undefined, different: number): Promise<string[]> {
  const child = spawn('sh', ['-c', block ?? ''], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  running.push(child)
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (new Set(lines).size === different) return lines
  }
  throw new Error(`it has ended, and printed: ${lines.join('\n')}`)
}

it('what the README says to paste into two terminals works', { timeout: 60_000 * Number(process.env['TIME_FACTOR'] ?? 1) }, async () => {
  const pasted = blocks()
  expect(pasted).toHaveLength(2)
  const [written, read] = await Promise.all([printed(pasted[0], 10), printed(pasted[1], 3)])
  expect(written).toEqual(written.map((_, i) => `ETH was ${i === 0 ? undefined : 3_199 + i}, and is ${3_200 + i}`))
  const prices = read.map((line) => Number(/^(?:write|reset): ETH is (\d+)$/.exec(line)?.[1]))
  // Who catches up reads the newest for each change that it is told of.
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  expect(prices.at(-1)).toBeGreaterThanOrEqual(3_202)
})
