import { INVARIANTS } from './invariants/index.ts'
import { catalogsConverge, isOnlineAsItShould, itemsFlow, pairsConnect, partingsEnd } from './invariants/liveness.ts'
import type { Goal } from './invariants/liveness.ts'
import { undoMischief } from './actors/mischief.ts'
import { closeProducer } from './actors/producer.ts'
import { drawPlan } from './plan/plan.ts'
import type { Outcome, RunOptions } from '../outcome.ts'
import { seeAll } from './world/channels.ts'
import { describe, leave, start } from './world/lives.ts'
import { Nemesis } from './world/nemesis.ts'
import type { Invariant } from './world/probe.ts'
import { pass, Sim } from './world/sim.ts'

const TICK_MS = 500
/** Beside what time itself must do (entries become too old, clocks that leapt are waited for): the reconnecting and syncing. */
const SETTLE_MS = 60_000
const FLOW_MS = 30_000
/** So long nothing may change once everything is well. */
const STABLE_MS = 3_000
/** Survivors have taken a goodbye out of their catalogs by then. */
const GOODBYE_MS = 1_500
const WITHIN_MS = 3_600_000

export interface NetworkRunOptions extends RunOptions {
  /** Default: all of them. */
  readonly invariants?: readonly Invariant[]
}

/** Plays one seed from the first start to the last goodbye. */
export async function runSeed(seed: string, options: NetworkRunOptions = {}): Promise<Outcome> {
  const sim = new Sim(drawPlan(seed, options), options.onLine)
  const onRejection = (error: unknown): void =>
    sim.fail('no-unhandled-rejection', 'a rejection that nobody could await is a fault of the library', describe(error))
  process.on('unhandledRejection', onRejection)
  let healedInMs: number | undefined
  try {
    sim.watchWith(options.invariants ?? INVARIANTS)
    await sim.world.run(() => Promise.race([play(sim).then((ms) => (healedInMs = ms)), sim.failed]), { within: WITHIN_MS })
  } catch (error) {
    sim.fail('no-surprises', 'calls fail only as their documentation says', describe(error))
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  const { violation, story, wire, world } = sim
  const items = sim.producerRuns.reduce((sum, run) => sum + run.sendings.length, 0)
  const arrivals = sim.consumerRuns.reduce(
    (sum, run) => sum + [...run.channels.values()].reduce((all, channel) => all + channel.arrived, 0),
    0,
  )
  const outcome: Outcome = {
    world: 'network',
    seed,
    violation,
    story,
    wire,
    healedInMs,
    counts: { machines: sim.machines.length, 'items sent': items, arrivals },
    virtualMs: sim.now,
    hash: world.trace.hash,
    events: world.trace.events,
  }
  await world.close()
  return outcome
}

/** Answers how long the healing took. */
async function play(sim: Sim): Promise<number> {
  const nemesis = new Nemesis(sim)
  void tick(sim)
  await assemble(sim)
  await nemesis.rage(sim.now + sim.plan.safetyMs)
  sim.phase = 'healing'
  const healedAt = sim.now
  await nemesis.heal()
  for (const life of sim.open) undoMischief(life)
  const { purgeAfter, maxTimeDrift } = sim.plan.discovery
  const within = purgeAfter + 2 * maxTimeDrift + nemesis.leapMs + SETTLE_MS
  await reach(sim, [catalogsConverge, pairsConnect], within)
  const took = sim.now - healedAt
  await flow(sim)
  await stay(sim)
  await farewell(sim)
  return took
}

async function assemble(sim: Sim): Promise<void> {
  for (const machine of sim.machines) {
    const { joinAtMs } = machine.plan
    if (joinAtMs === 0) await start(sim, machine)
    else void pass(sim, joinAtMs).then(() => start(sim, machine))
  }
}

async function tick(sim: Sim): Promise<void> {
  while (sim.violation === undefined) {
    await pass(sim, TICK_MS)
    seeAll(sim)
    await pass(sim, 0) // whoever follows has heard of it then
    sim.tell((probe) => probe.tick?.())
  }
}

/** Waits until nothing is missing, at most so long. */
async function reach(sim: Sim, goals: readonly Goal[], within: number): Promise<void> {
  const until = sim.now + within
  for (;;) {
    const goal = goals.find((one) => one.missing(sim) !== undefined)
    if (goal === undefined || sim.violation !== undefined) return
    if (sim.now >= until) return sim.fail(goal.name, goal.rule, `${goal.missing(sim)}, ${within} ms after everything healed`)
    await pass(sim, 250)
  }
}

async function flow(sim: Sim): Promise<void> {
  const since = new Map(sim.producerRuns.map((run) => [run, run.sendings.length]))
  await reach(sim, [itemsFlow(since), pairsConnect, partingsEnd], FLOW_MS)
}

/** Everything is well: then it stays so. */
async function stay(sim: Sim): Promise<void> {
  const ends = (): number =>
    [...sim.producerRuns, ...sim.consumerRuns].reduce(
      (sum, run) => sum + [...run.channels.values()].filter(({ ended }) => ended !== undefined).length,
      0,
    )
  const before = ends()
  await pass(sim, STABLE_MS)
  const rule = 'without faults no connection ends and nobody disappears'
  const problem = catalogsConverge.missing(sim) ?? pairsConnect.missing(sim) ?? isOnlineAsItShould(sim)
  if (problem !== undefined) sim.fail('stays-well', rule, problem)
  if (ends() > before) sim.fail('stays-well', rule, `${ends() - before} channels ended in ${STABLE_MS} ms without faults`)
  sim.tell((probe) => probe.quiet?.())
}

/** Half of the nodes leave, then the others. */
async function farewell(sim: Sim): Promise<void> {
  sim.phase = 'farewell'
  const half = sim.open.slice(Math.ceil(sim.open.length / 2))
  for (const life of half) for (const run of life.producers) if (sim.draw.chance(0.5)) void closeProducer(sim, run)
  await pass(sim, sim.draw.pick([0, 1_000]))
  await Promise.all(half.map((life) => leave(sim, life)))
  await pass(sim, GOODBYE_MS)
  const problem = catalogsConverge.missing(sim)
  if (problem !== undefined) sim.fail('goodbyes-are-heard', 'a graceful departure is seen at once (Discovery.close)', problem)
  await Promise.all(sim.open.map((life) => leave(sim, life)))
  await pass(sim, GOODBYE_MS)
  sim.tell((probe) => probe.tick?.())
  sim.tell((probe) => probe.end?.())
}
