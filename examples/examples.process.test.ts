import { afterEach, describe, expect, it, vi } from 'vitest'
import { addressOf, killAll, start } from '../tools/test/terminal.ts'
import type { Terminal } from '../tools/test/terminal.ts'

// Several processes start one after the other, each of which loads all sources.
vi.setConfig({ testTimeout: 60_000 * Number(process.env['TIME_FACTOR'] ?? 1) })

afterEach(killAll)

// That they do what their pages say is tested with the commands of the pages.
describe('the examples', () => {
  it('meet at a bootstrap node over TCP', async () => {
    const bootstrap = start('apps/bootstrap/src/main.ts', '--network-id', 'my-app', '--listen', '/ip4/127.0.0.1/tcp/0')
    const address = await addressOf(bootstrap)
    const [one, other] = [start('examples/ticks.ts', address), start('examples/ticks.ts', address)]
    const [here, there] = await Promise.all([one.next(/^(\S+) says \d+/m), other.next(/^(\S+) says \d+/m)])
    expect(here).not.toBe(there)
  })

  it('count as one, and count on when one is killed', async () => {
    const first = start('examples/counter.ts')
    const address = await addressOf(first)
    const members = [first, start('examples/counter.ts', address), start('examples/counter.ts', address)]
    const counts: number[] = []
    const count = async (member: Terminal, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) counts.push(Number(await member.next(/counted to (\d+)/)))
    }
    await Promise.all(members.map((member) => count(member, 3)))
    first.kill()
    await Promise.all(members.slice(1).map((member) => count(member, 10)))
    expect(new Set(counts).size).toBe(counts.length)
  })
})
