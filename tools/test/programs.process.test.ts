import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect, it, vi } from 'vitest'
import { exampleOf, hasTestOfItsOwn, programs } from './markdown.ts'
import type { Block } from './markdown.ts'
import { root } from './workspace.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)

// Each is a process that loads all sources, and then mostly waits.
vi.setConfig({ maxConcurrency: 2, testTimeout: 120_000 * FACTOR })

/** Programs that go on until they are told to end, and what they have printed by then. */
const UNTIL: Readonly<Record<string, RegExp>> = { 'packages/cli/README.md': /others can join with/ }

const here = programs.filter((block) => !hasTestOfItsOwn(block))

it.concurrent.each(here.map((block) => [block.at, block] as const))(
  '%s runs, ends by itself, and prints what it says',
  async (_, block) => {
    const { stdout, ...ended } = await run(block)
    expect(ended).toEqual({ code: 0, signal: null, stderr: '' })
    if (block.output !== undefined) return expect(stdout).toEqual(block.output.includes('…') ? likeness(block.output) : block.output)
    const lines = stdout.split('\n').filter(Boolean)
    for (const said of promised(block.code)) {
      while (lines.length > 0 && !said.startsWith(lines[0] ?? '')) lines.shift()
      expect(lines.shift(), `${said}\nin what it printed:\n${stdout}`).toBeDefined()
    }
  },
)

async function run(block: Block) {
  const example = exampleOf(block)
  const program = example === undefined ? ['--input-type=module-typescript', '--eval', block.code] : [join(root, example)]
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', ...program], {
    cwd: join(root, placeOf(block)),
    env: { ...process.env, FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000 * FACTOR,
    killSignal: 'SIGKILL',
  })
  const until = UNTIL[block.page]
  if (until !== undefined) createInterface(child.stdout).on('line', (line) => until.test(line) && child.kill('SIGTERM'))
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code: code as number | null, signal: signal as string | null }
}

/** Where it finds what it imports: in the package that its page is of. The facade is above all packages. */
function placeOf({ page, code }: Block): string {
  return code.includes("'@mosaik/node'") ? '.' : (/^(?:packages|apps)\/[^/]+/.exec(page)?.[0] ?? '.')
}

/** This to the letter, but for anything within a line at `…`. */
function likeness(output: string): unknown {
  return expect.stringMatching(`^${RegExp.escape(output).replaceAll('…', '.*')}$`)
}

/** Comments behind `console.log(…)`, where that is a line of its own or a loop, begin with what it prints. */
function promised(code: string): readonly string[] {
  return Array.from(code.matchAll(/^(?:for .*\) )?console\.log\(.*\) \/\/ (.*)$/gm), ([, said = '']) => said)
}
