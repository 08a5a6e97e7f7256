import type { Outcome, RunOptions } from '../outcome.ts'
import { change, runClient } from './actors/client.ts'
import type { Change } from './actors/register.ts'
import { GROUP_INVARIANTS } from './invariants/index.ts'
import { bondsUp, oneHistory, rightVoters, sameEverywhere } from './invariants/liveness.ts'
import type { Goal } from './invariants/liveness.ts'
import { drawGroupsPlan } from './plan/plan.ts'
import { leave, start } from './world/lives.ts'
import { Nemesis } from './world/nemesis.ts'
import type { Invariant } from './world/probe.ts'
import { GroupsSim, pass } from './world/sim.ts'

/** Bonds are dialled again at the latest 10 s × 1.5 after the last attempt; a refused group is tried again when entries change. */
const BONDS_MS = 30_000
const ELECTION_MS = 400
/** From the bonds on: ten election timeouts, the default recovery timeout, and an election timeout for each who comes first. */
const LEADER_MS = 10 * ELECTION_MS + 6_000 + 10 * ELECTION_MS
/** Ten election timeouts, and two parts of a snapshot that were asked of somebody who does not answer. */
const WRITE_MS = 10 * ELECTION_MS + 2 * 5_000
const VOTES_MS = 30_000
const LOOK_MS = 50
const WITHIN_MS = 600_000

export interface GroupsRunOptions extends RunOptions {
  /** Default: all of them. */
  readonly invariants?: readonly Invariant[]
}

/** Plays one seed from the first start to the last goodbye. */
export async function runGroupsSeed(seed: string, options: GroupsRunOptions = {}): Promise<Outcome> {
  const sim = new GroupsSim(drawGroupsPlan(seed, options), options.onLine)
  const surprise = (error: unknown): void => {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    sim.fail('no-surprises', 'calls fail only as their documentation says, and no rejection is left to nobody', what)
  }
  process.on('unhandledRejection', surprise)
  let healedInMs: number | undefined
  try {
    sim.watchWith(options.invariants ?? GROUP_INVARIANTS)
    await sim.world.run(() => Promise.race([play(sim).then((ms) => (healedInMs = ms)), sim.failed]), { within: WITHIN_MS })
  } catch (error) {
    surprise(error)
  } finally {
    process.off('unhandledRejection', surprise)
  }
  const { violation, story, wire, world } = sim
  const outcome: Outcome = {
    world: 'groups',
    seed,
    violation,
    story,
    wire,
    healedInMs,
    virtualMs: sim.now,
    hash: world.trace.hash,
    events: world.trace.events,
    counts: countsOf(sim),
  }
  await world.close()
  return outcome
}

function countsOf(sim: GroupsSim): Outcome['counts'] {
  const histories = sim.truths.flatMap((truth) => [...truth.histories.values()])
  return {
    processes: new Set(sim.runs.map(({ life }) => life)).size,
    changes: sim.calls.length,
    answers: sim.calls.filter(({ state }) => state === 'done').length,
    readings: sim.readings.length,
    histories: histories.length,
    children: histories.filter(({ parent }) => parent !== undefined).length,
    'members superseded': sim.seen.superseded,
    'snapshots fetched': sim.seen.fetched,
  }
}

/** Answers how long the healing took. */
async function play(sim: GroupsSim): Promise<number> {
  const nemesis = new Nemesis(sim)
  let isOver = false
  for (const machine of sim.machines) {
    if (machine.plan.joinAtMs === 0) await start(sim, machine)
    else void pass(sim, machine.plan.joinAtMs).then(() => (machine.life === undefined ? start(sim, machine) : undefined))
  }
  const clients = Array.from({ length: sim.plan.clients }, (_, i) => runClient(sim, i, () => isOver))
  await nemesis.rage(sim.now + sim.plan.safetyMs)
  sim.phase = 'healing'
  const healedAt = sim.now
  await nemesis.heal()
  await reach(sim, [bondsUp], BONDS_MS)
  await reach(sim, [oneHistory], LEADER_MS)
  isOver = true
  await freshWrites(sim)
  const took = sim.now - healedAt
  await Promise.all(clients)
  await reach(sim, [oneHistory, rightVoters, sameEverywhere], VOTES_MS)
  sim.tell((probe) => probe.end?.())
  if (sim.draw.chance(0.3)) await farewell(sim)
  return took
}

/** Waits until nothing is missing, at most so long. */
async function reach(sim: GroupsSim, goals: readonly Goal[], within: number): Promise<void> {
  const until = sim.now + within
  for (;;) {
    const goal = goals.find((one) => one.missing(sim) !== undefined)
    if (goal === undefined || sim.violation !== undefined) return
    if (sim.now >= until) return sim.fail(goal.name, goal.rule, `${goal.missing(sim)}, ${within} ms after it could`)
    await pass(sim, LOOK_MS)
  }
}

/** Everyone executes something. */
async function freshWrites(sim: GroupsSim): Promise<void> {
  const draw = sim.draw.under('fresh')
  const runs = sim.open.flatMap((life) => life.runs)
  const before = sim.calls.length
  const writes = runs.map((run, i) => {
    const id = sim.moment()
    const write: Change = { id, key: draw.int(0, run.plan.keys - 1), what: 'write', value: id }
    return change(sim, { client: -1 - i, run, kind: 'execute', changes: [write], limits: { timeout: WRITE_MS, signal: undefined } })
  })
  await Promise.race([Promise.all(writes), pass(sim, WRITE_MS)])
  const late = sim.calls.slice(before).find(({ state, client }) => client < 0 && state !== 'done')
  if (late !== undefined)
    sim.fail(
      'writes-succeed-again',
      'with a leader, commands of every member succeed (docs/consistency.md, calls)',
      `change ${late.change.id} at ${late.run.name} is ${late.state} after ${WRITE_MS} ms`,
    )
}

/** One after the other they leave. */
async function farewell(sim: GroupsSim): Promise<void> {
  sim.phase = 'farewell'
  await Promise.all(sim.open.map((life) => leave(sim, life)))
}
