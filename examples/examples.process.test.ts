import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'

// Several processes start one after the other, each of which loads all sources.
vi.setConfig({ testTimeout: 60_000 * Number(process.env['TIME_FACTOR'] ?? 1) })

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const running: ChildProcessByStdio<null, Readable, null>[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** Runs a program of this repository as a user would, and gives its lines. */
function start(program: string, ...args: readonly string[]): AsyncIterator<string> {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  running.push(child)
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]()
}

async function lineThat(lines: AsyncIterator<string>, matches: RegExp): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`the program ended without a line like ${String(matches)}`)
    const found = matches.exec(value as string)
    if (found !== null) return found[1] ?? ''
  }
}

describe('the examples', () => {
  it('are what the README shows, to the letter', () => {
    const shown = [...read('../README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
    const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    expect(shown.length).toBe(files.length)
    expect(new Set(files.map((name) => read(name)))).toEqual(new Set(shown))
  })

  it('find each other by one address, and stream both ways', async () => {
    const one = start('ticks.ts')
    const address = await lineThat(one, /(\/ip4\/\S+)/)
    const other = start('ticks.ts', address)
    const [here, there] = await Promise.all([lineThat(one, /^(\S+) says \d+/), lineThat(other, /^(\S+) says \d+/)])
    expect(address.endsWith(there)).toBe(true)
    expect(here).not.toBe(there)
  })

  it.each(['udp/0/quic-v1', 'tcp/0'])('meet at a bootstrap node that listens on %s', async (transport) => {
    const bootstrap = start('../apps/bootstrap/src/main.ts', '--network-id', 'my-app', '--listen', `/ip4/127.0.0.1/${transport}`)
    const address = await lineThat(bootstrap, /^address\s+(\S+)/)
    const [one, other] = [start('ticks.ts', address), start('ticks.ts', address)]
    await Promise.all([lineThat(one, /^(\S+) says \d+/), lineThat(other, /^(\S+) says \d+/)])
  })

  it('count as one, and count on when one is killed', async () => {
    const first = start('counter.ts')
    const address = await lineThat(first, /(\/ip4\/\S+)/)
    const members = [first, start('counter.ts', address), start('counter.ts', address)]
    const counts: number[] = []
    const count = async (member: AsyncIterator<string>, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) counts.push(Number(await lineThat(member, /counted to (\d+)/)))
    }
    await Promise.all(members.map((member) => count(member, 3)))
    running[0]?.kill('SIGKILL')
    await Promise.all(members.slice(1).map((member) => count(member, 10)))
    expect(new Set(counts).size).toBe(counts.length)
  })

  it('share a Map', async () => {
    const first = start('prices.ts')
    const address = await lineThat(first, /(\/ip4\/\S+)/)
    const second = start('prices.ts', address)
    const sellers = async (lines: AsyncIterator<string>): Promise<string> =>
      (await lineThat(lines, /(.* sells at \d+, .* sells at \d+)/)).replaceAll(/ sells at \d+/g, '')
    const [here, there] = await Promise.all([sellers(first), sellers(second)])
    expect(here).toBe(there)
    expect(here.split(', ').some((seller) => address.endsWith(seller))).toBe(true)
  })

  it('compose a runtime from its floors', async () => {
    await expect(lineThat(start('compose.ts'), /./)).rejects.toThrow('ended without')
  })
})
