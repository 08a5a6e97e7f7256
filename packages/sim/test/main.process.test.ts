import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const factor = Number(process.env['TIME_FACTOR'] ?? 1)

function sim(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, ['--conditions=@mosaik/source', main, ...args], { encoding: 'utf8', timeout: 60_000 * factor })
}

it('plays one seed, or several on several threads', { timeout: 120_000 * factor }, () => {
  const one = sim('--world', 'network', '--seed', '5', '--nodes', '3', '--verbose')
  expect(one).toMatchObject({ status: 0, stderr: '' })
  expect(one.stdout).toMatch(/start n0 of network main[^]*heal everything[^]*seed 5: 3 machines, [^]*trace [0-9a-f]{16}/)
  const many = sim('--world', 'network', '--seeds', '3', '--from', '5', '--nodes', '3', '--jobs', '2')
  expect(many).toMatchObject({ status: 0, stderr: '' })
  expect(many.stdout).toMatch(/^3 seeds, 0 failed, 9 machines/)
})

it('refuses what it does not understand with exit code 2', { timeout: 60_000 * factor }, () => {
  for (const args of [['--seeds', 'many'], ['--loud'], ['--nodes', '1']]) {
    expect(sim(...args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('pnpm sim') })
  }
})
