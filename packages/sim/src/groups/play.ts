import type { Outcome } from '../outcome.ts'
import { runClient } from './actors/calling.ts'
import type { Ask } from './actors/calling.ts'
import { bondsUp, oneHistory, rightVoters, sameEverywhere } from './invariants/liveness.ts'
import type { Goal } from './invariants/liveness.ts'
import { leave, start } from './world/lives.ts'
import type { MemberRun } from './world/member.ts'
import { Nemesis } from './world/nemesis.ts'
import type { StaleLeader } from './world/nemesis.ts'
import { pass } from './world/sim.ts'
import type { MembersSim } from './world/sim.ts'

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

/** What is done in a world of groups, beside what happens to it. */
export interface Script<Run extends MemberRun> {
  readonly world: Outcome['world']
  readonly ask: Ask<Run>
  /** Writes something as this client within so many ms, where members write at all; it is among the calls then. */
  readonly writeFresh: (client: number, run: Run, timeout: number) => Promise<void>
  readonly makeStale?: StaleLeader<Run>
  /** What must hold with one leader, beside what every group promises. */
  readonly goals: readonly Goal[]
  /** What is worth counting, beside what is counted anyway. */
  readonly counts: () => Outcome['counts']
}

/** Plays one seed from the first start to the last goodbye. Who watches must have been told before. */
export async function playSeed<Run extends MemberRun>(sim: MembersSim<Run>, script: Script<Run>): Promise<Outcome> {
  const surprise = (error: unknown): void => {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    sim.fail('no-surprises', 'calls fail only as their documentation says, and no rejection is left to nobody', what)
  }
  process.on('unhandledRejection', surprise)
  let healedInMs: number | undefined
  try {
    await sim.world.run(() => Promise.race([play(sim, script).then((ms) => (healedInMs = ms)), sim.failed]), { within: WITHIN_MS })
  } catch (error) {
    surprise(error)
  } finally {
    process.off('unhandledRejection', surprise)
  }
  const { violation, story, wire, world, plan } = sim
  const outcome: Outcome = {
    world: script.world,
    seed: plan.seed,
    violation,
    story,
    wire,
    healedInMs,
    virtualMs: sim.now,
    hash: world.trace.hash,
    events: world.trace.events,
    counts: countsOf(sim, script),
  }
  await world.close()
  return outcome
}

function countsOf(sim: MembersSim, { counts }: Pick<Script<MemberRun>, 'counts'>): Outcome['counts'] {
  const histories = sim.truths.flatMap((truth) => [...truth.histories.values()])
  return {
    processes: new Set(sim.runs.map(({ life }) => life)).size,
    changes: sim.calls.length,
    answers: sim.calls.filter(({ state }) => state === 'done').length,
    ...counts(),
    histories: histories.length,
    children: histories.filter(({ parent }) => parent !== undefined).length,
    'members superseded': sim.seen.superseded,
    'snapshots fetched': sim.seen.fetched,
  }
}

/** Answers how long the healing took. */
async function play<Run extends MemberRun>(sim: MembersSim<Run>, { ask, goals, makeStale, writeFresh }: Script<Run>): Promise<number> {
  const nemesis = new Nemesis(sim, makeStale)
  let isOver = false
  for (const machine of sim.machines) {
    if (machine.plan.joinAtMs === 0) await start(sim, machine)
    else void pass(sim, machine.plan.joinAtMs).then(() => (machine.life === undefined ? start(sim, machine) : undefined))
  }
  const clients = Array.from({ length: sim.plan.clients }, (_, i) => runClient(sim, i, () => isOver, ask))
  await nemesis.rage(sim.now + sim.plan.safetyMs)
  sim.phase = 'healing'
  const healedAt = sim.now
  await nemesis.heal()
  await reach(sim, [bondsUp], BONDS_MS)
  await reach(sim, [oneHistory, ...goals], LEADER_MS)
  isOver = true
  await freshWrites(sim, writeFresh)
  const took = sim.now - healedAt
  await Promise.all(clients)
  await reach(sim, [oneHistory, rightVoters, sameEverywhere, ...goals], VOTES_MS)
  sim.tell((probe) => probe.end?.())
  if (sim.draw.chance(0.3)) await farewell(sim)
  return took
}

/** Waits until nothing is missing, at most so long. */
async function reach(sim: MembersSim, goals: readonly Goal[], within: number): Promise<void> {
  const until = sim.now + within
  for (;;) {
    const goal = goals.find((one) => one.missing(sim) !== undefined)
    if (goal === undefined || sim.violation !== undefined) return
    if (sim.now >= until) return sim.fail(goal.name, goal.rule, `${goal.missing(sim)}, ${within} ms after it could`)
    await pass(sim, LOOK_MS)
  }
}

/** Everyone writes something. */
async function freshWrites<Run extends MemberRun>(sim: MembersSim<Run>, write: Script<Run>['writeFresh']): Promise<void> {
  const runs = sim.open.flatMap((life) => sim.runsIn(life))
  const before = sim.calls.length
  await Promise.race([Promise.all(runs.map((run, i) => write(-1 - i, run, WRITE_MS))), pass(sim, WRITE_MS)])
  const late = sim.calls.slice(before).find(({ state, client }) => client < 0 && state !== 'done')
  if (late !== undefined)
    sim.fail(
      'writes-succeed-again',
      'with a leader, commands of every member succeed (docs/consistency.md, calls)',
      `change ${late.change.id} at ${late.run.name} is ${late.state} after ${WRITE_MS} ms`,
    )
}

/** One after the other they leave. */
async function farewell(sim: MembersSim): Promise<void> {
  sim.phase = 'farewell'
  await Promise.all(sim.open.map((life) => leave(sim, life)))
}
