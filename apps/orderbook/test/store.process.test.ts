import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { Stage } from '../src/demo/stage.ts'
import { createStage, sameState, WITHIN } from './stages.ts'

const MATCHERS = [1, 2, 3]

let room: string
const stages: Stage[] = []

afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.kill()
  vi.unstubAllEnvs()
  await rm(room, { recursive: true })
})

/** Three matchers with what they have stored, and a trader with so many instructions. Answers what the trader was told, and the state. */
async function market(count: number) {
  const stage = createStage('orderbook-store-test')
  stages.push(stage)
  await stage.bootstrap()
  for (const i of MATCHERS) stage.start(`matcher-${i}`, 'matcher', '--check', '--secret', `matcher ${i}`, '--store', join(room, String(i)))
  const trader = stage.start('trader', 'trader', '--count', String(count))
  await stage.until('the end of the trader', () => trader.said('totals')['sent'] !== undefined)
  return { stage, totals: trader.said('totals'), state: await sameState(stage, count) }
}

it.each(['SIGTERM', 'SIGKILL'])(
  'what is stored is there again after all matchers have ended by %s',
  { timeout: 2 * WITHIN },
  async (signal) => {
    vi.stubEnv('NODE_OPTIONS', '--conditions=@mosaik/source')
    room = await mkdtemp(join(tmpdir(), 'orderbook-'))
    const first = await market(600)
    expect(first.totals).toMatchObject({ sent: 600, takenBefore: 0 })
    await (signal === 'SIGTERM' ? first.stage.leave() : first.stage.kill())
    const second = await market(900)
    expect(second.totals).toMatchObject({ sent: 300, acknowledged: 300, takenBefore: 600 })
    expect(second.state).toMatchObject({ broken: [], instructions: 900 })
  },
)
