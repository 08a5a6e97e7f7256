import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { addressOf, killAll, start } from '../tools/test/terminal.ts'
import type { Terminal } from '../tools/test/terminal.ts'

// Several processes start one after the other, each of which loads all sources.
vi.setConfig({ testTimeout: 90_000 * Number(process.env['TIME_FACTOR'] ?? 1) })

const room = mkdtempSync(join(tmpdir(), 'mosaik-tutorial-'))
vi.stubEnv('TMPDIR', room) // where a member keeps its log

afterEach(killAll)
afterAll(() => rmSync(room, { recursive: true, maxRetries: 10 }))

// Programs of the tutorials that end by themselves are run with all others of the pages.
describe('what the tutorials say of several terminals', () => {
  it('streams: a display goes on when a sensor is killed, and has another one that comes', async () => {
    const display = start('examples/tutorials/streams/display.ts')
    const address = await addressOf(display)
    const sensor = async (): Promise<{ terminal: Terminal; name: string }> => {
      const terminal = start('examples/tutorials/streams/sensor.ts', address)
      return { terminal, name: await terminal.next(/^sensor (\w+),/m) }
    }
    const shown = (name: string): Promise<string> => display.next(new RegExp(`^${name}: 2[0-4] °C$`, 'm'))
    const [first, second] = await Promise.all([sensor(), sensor()])
    await shown(first.name)
    await shown(second.name)
    first.terminal.kill()
    for (let i = 0; i < 5; i++) await shown(second.name)
    await shown((await sensor()).name)
  })

  it('groups: two count on without their leader, it comes back, and all go on after a restart of all', async () => {
    const counts: number[] = []
    const count = async (member: Terminal): Promise<void> => void counts.push(Number(await member.next(/counted to (\d+)$/m)))
    const members = await together()
    await Promise.all([...members.values()].map(count))
    const leader = await Promise.any([...members].map(async ([name, { first }]) => (await first(/who leads/), name)))
    members.get(leader)?.kill()
    members.delete(leader)
    const others = [...members.values()]
    for (let i = 0; i < 3; i++) await Promise.all(others.map(count))
    members.set(leader, member(leader, await addressOf(others[0]!)))
    await Promise.all([...members.values()].map(count))
    const before = Math.max(...counts)
    killAll()
    const again = await together()
    await Promise.all([...again.values()].map(count))
    expect(new Set(counts).size).toBe(counts.length)
    expect(Math.min(...counts.slice(-3))).toBeGreaterThan(before)
  })
})

function member(...args: readonly string[]): Terminal {
  return start('examples/tutorials/groups/member.ts', ...args)
}

/** The three members, as the page starts them. */
async function together(): Promise<Map<string, Terminal>> {
  const ann = member('ann')
  const address = await addressOf(ann)
  return new Map([['ann', ann], ['bob', member('bob', address)], ['eve', member('eve', address)]]) // prettier-ignore
}
