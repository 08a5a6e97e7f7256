import { change, read } from '../actors/client.ts'
import type { Draw } from '../../draw.ts'
import type { GroupsSim } from './groups-sim.ts'
import type { RegisterRun } from './register-run.ts'
import { pass } from './sim.ts'

const LOOK_MS = 1
const WAIT_MS = 600
const CALL_MS = 2_000
/** For the records: these are nobody's of the clients that are always there. */
const CLIENT = -1_000

/**
 * The hardest moment for reads: there is a new leader, and the old one cannot know. It is cut off as soon as another leads; then somebody
 * writes, and is answered, and somebody reads at both.
 */
export async function makeStaleLeader(
  sim: GroupsSim,
  old: RegisterRun,
  draw: Draw,
  cut: (run: RegisterRun, ms: number) => void,
): Promise<void> {
  const { lineage, term } = old.group
  const others = (): RegisterRun[] =>
    sim.runsOf(old.plan.index).filter((run) => run !== old && run.life.state === 'running' && run.group.lineage === lineage)
  old.group.transferLeadership().catch(() => undefined)
  if ((await first(sim, () => others().find(({ group }) => group.term > term))) === undefined || !old.group.isLeader) return
  cut(old, draw.int(300, 1_200))
  const leader = await first(sim, () => others().find(({ group }) => group.isLeader))
  if (leader === undefined) return
  sim.log(`${leader.name} leads after ${old.name}, which was cut off before it heard of it`)
  const key = draw.int(0, leader.plan.keys - 1)
  const fresh = ask(sim, leader, draw, key)
  await write(sim, leader, key)
  await Promise.race([Promise.all([fresh, ask(sim, old, draw, key)]), pass(sim, CALL_MS)])
}

/** As soon as there is one. */
async function first<T>(sim: GroupsSim, find: () => T | undefined): Promise<T | undefined> {
  for (const until = sim.now + WAIT_MS; sim.now < until; await pass(sim, LOOK_MS)) {
    const found = find()
    if (found !== undefined) return found
  }
  return undefined
}

function write(sim: GroupsSim, run: RegisterRun, key: number): Promise<void> {
  const id = sim.moment()
  const limits = { timeout: CALL_MS, signal: undefined }
  return change(sim, { client: CLIENT, run, kind: 'execute', changes: [{ id, key, what: 'write', value: id }], limits })
}

function ask(sim: GroupsSim, run: RegisterRun, draw: Draw, key: number): Promise<void> {
  return run.isOpen ? read(sim, run, { draw, isStrong: true, key }) : Promise.resolve()
}
