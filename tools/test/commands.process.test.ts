import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { COMMANDS } from './commands.ts'
import type { Command } from './commands.ts'
import { commandsOf, sessions } from './shell.ts'
import { addressOf, killAll, type } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)

vi.setConfig({ maxConcurrency: 2, testTimeout: 120_000 * FACTOR, hookTimeout: 20_000 * FACTOR })

const room = mkdtempSync(join(tmpdir(), 'mosaik-commands-'))
vi.stubEnv('TMPDIR', room) // what they leave there is not for the next run
// Programs that pages start without saying where to listen stay on this machine.
vi.stubEnv('MOSAIK_LISTEN', '/ip4/127.0.0.1/udp/0/quic-v1')
vi.stubEnv('MOSAIK_CHAT_NO_MDNS', 'true')
afterAll(() => {
  killAll()
  rmSync(room, { recursive: true, maxRetries: 10 })
})

/** What readers put an address for. */
const PLACE = /<[a-z ]+>|\bADDRESS\b/

interface Typed {
  readonly how: Command
  readonly typed: string
}

const seen = new Set<Command>()
const started: { readonly at: string; readonly all: Typed[] }[] = []
for (const block of sessions) {
  const all = commandsOf(block).flatMap(({ command, typed }) => {
    const how = COMMANDS.find((one) => command.split('\n').includes(one.command))
    return how === undefined || how.elsewhere !== undefined || (seen.has(how) && how.ends) ? [] : [{ how, typed }]
  })
  for (const { how } of all) seen.add(how)
  if (all[0]?.how.isContinued) started.at(-1)?.all.push(...all)
  else if (all.length > 0) started.push({ at: block.at, all })
}

it.concurrent.each(started.map(({ at, all }) => [at, all] as const))('the commands of %s do what they should', async (_, all) => {
  const terminals: { readonly how: Command; readonly terminal: Terminal }[] = []
  for (const { how, typed } of all) {
    if (how.before !== undefined) terminals.push({ how: { command: how.before }, terminal: type(how.before) })
    const address = PLACE.test(typed) ? await addressOf(terminals[0]!.terminal) : ''
    for (let i = 0; i < (how.times ?? 1); i++) terminals.push({ how, terminal: run(typed.replace(PLACE, address), how) })
  }
  const outcomes = terminals.map(async ({ how, terminal }) => {
    if (how.prints !== undefined) await terminal.first(how.prints)
    if (how.ends === true) expect(await terminal.ended, how.command).toBe(0)
  })
  const failed = (await Promise.allSettled(outcomes)).filter((outcome) => outcome.status === 'rejected')
  if (failed.length > 0) throw new Error(failed.map(({ reason }) => String(reason)).join('\n\n'))
  for (const { terminal } of terminals) terminal.kill()
})

function run(line: string, { smaller = [] }: Command): Terminal {
  const typed = smaller.reduce((all, [page, test]) => all.replaceAll(page, test), line)
  return type(typed, { SMALLER: JSON.stringify(smaller) })
}
