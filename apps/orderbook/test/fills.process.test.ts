import { afterEach, expect, it, vi } from 'vitest'
import type { Child, Fields } from '../src/demo/child.ts'
import type { Stage } from '../src/demo/stage.ts'
import { number } from '../src/demo/summary.ts'
import type { Fill } from '../src/market/types.ts'
import { generated } from '../src/roles/source.ts'
import { SimpleEngine } from './simple-engine.ts'
import { createStage, sameState, WITHIN } from './stages.ts'
import { sameFills } from './twin.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
const PAIRS = ['APPLE/EUR', 'PEAR/EUR']
const [SEED, COUNT, RATE] = ['fill by fill', 5_000, Math.ceil(1_000 / FACTOR)] as const

let stage: Stage

afterEach(async () => {
  await stage.kill()
  vi.unstubAllEnvs()
})

/** A stage, and every fill that the process named `observer` tells. */
function watchedStage(): { readonly stage: Stage; readonly fills: readonly Fill[] } {
  vi.stubEnv('NODE_OPTIONS', '--conditions=@mosaik/source')
  const fills: Fill[] = []
  let last: Fields = {}
  const show = (children: readonly Child[]): void => {
    const told = children.find(({ name }) => name === 'observer')?.said('fills') ?? last
    if (told !== last && told['fills'] !== undefined) fills.push(...(told['fills'] as Fill[]))
    last = told
  }
  stage = createStage('orderbook-fills-test', show)
  return { stage, fills }
}

async function fillsOfTheSimpleEngine(): Promise<readonly Fill[]> {
  const engine = new SimpleEngine()
  for await (const instruction of generated('ann', SEED, PAIRS, COUNT)) engine.take(instruction)
  return engine.fills
}

// One trader: so there is only one order in which its instructions can be taken.
it('processes make the fills of the simple engine when the leader is killed and a follower stands still', { timeout: WITHIN }, async () => {
  const expected = await fillsOfTheSimpleEngine()
  expect(expected.length).toBeGreaterThan(1_000)
  const { stage, fills } = watchedStage()
  await stage.bootstrap()
  for (const i of [1, 2, 3]) stage.start(`matcher-${i}`, 'matcher', '--check')
  const observer = stage.start('observer', 'observer', '--fills')
  const status = (name: string): readonly number[] => stage.matchers.map(({ said }) => number(said('status'), name))
  const isReady = (): boolean =>
    stage.leader !== undefined && status('voters').every((count) => count === 3) && observer.said('status')['leader'] !== undefined
  await stage.until('3 voters with a leader', isReady)

  const trader = stage.start('trader', 'trader', '--name', 'ann', '--seed', SEED, '--count', String(COUNT), '--rate', String(RATE))
  const reach = (share: number): Promise<number> =>
    stage.until(`${share * COUNT} instructions`, () => stage.leader !== undefined && Math.max(...status('instructions')) >= share * COUNT)
  await reach(0.1)
  const follower = stage.matchers.find((matcher) => matcher !== stage.leader) as Child
  follower.pause()
  await reach(0.3)
  follower.resume()
  await reach(0.4)
  await (stage.leader as Child).kill()
  expect(trader.said('totals'), 'it was killed while orders came in').toEqual({})

  await stage.until('all fills', () => fills.length >= expected.length && number(trader.said('totals'), 'acknowledged') === COUNT)
  await sameState(stage, COUNT)
  await stage.leave()
  sameFills(fills, expected)
  expect(stage.children.map(({ state }) => state).toSorted()).toEqual(['done', 'done', 'done', 'done', 'done', 'killed'])
})
