import type { Draw } from '../../draw.ts'
import type { CallState, RegisterCall } from '../history/record.ts'
import type { GroupsSim } from '../world/groups-sim.ts'
import type { RegisterRun } from '../world/register-run.ts'
import { drawLimits, fateOf, optionsOf, settles } from './calling.ts'
import type { Limits } from './calling.ts'
import type { Change, Reply } from './register.ts'

export async function ask(sim: GroupsSim, client: number, run: RegisterRun, draw: Draw): Promise<void> {
  const what = draw.float(0, 1)
  if (what < 0.25) return read(sim, run, { draw, isStrong: draw.chance(0.75), key: draw.int(0, run.plan.keys - 1) })
  const kind = what < 0.8 ? 'execute' : what < 0.9 ? 'batch' : 'feed'
  const changes = Array.from({ length: kind === 'batch' ? draw.int(2, 4) : 1 }, () => drawChange(sim, run, draw))
  await change(sim, { client, run, kind, changes, limits: drawLimits(sim, draw) })
}

function drawChange(sim: GroupsSim, run: RegisterRun, draw: Draw): Change {
  const id = sim.moment()
  const key = draw.int(0, run.plan.keys - 1)
  const what = draw.pick(['write', 'write', 'add', 'add', 'swap'] as const)
  if (what === 'add') return { id, key, what }
  if (what === 'write') return { id, key, what, value: id }
  // what the member believes is there: sometimes true
  return { id, key, what, from: run.machine.query(key).value, value: id }
}

export interface Asking {
  readonly client: number
  readonly run: RegisterRun
  readonly kind: RegisterCall['kind']
  /** One, or the commands of a batch. */
  readonly changes: readonly Change[]
  readonly limits: Limits
}

export async function change(sim: GroupsSim, { client, run, kind, changes, limits }: Asking): Promise<void> {
  const calledAt = sim.moment()
  const calls = changes.map(
    (one, offset): RegisterCall => ({
      run, client, change: one, kind, offset, calledAt, endedAt: Number.POSITIVE_INFINITY, state: 'pending', index: 0, lineage: undefined,
      reply: undefined,
    }), // prettier-ignore
  )
  sim.calls.push(...calls)
  const settle = (state: CallState, index = 0, replies: readonly Reply[] = []): void => {
    const endedAt = sim.moment()
    calls.forEach((call, i) => {
      Object.assign(call, {
        state,
        index,
        lineage: run.group.lineage,
        reply: replies[i],
        endedAt: state === 'done' ? endedAt : Number.POSITIVE_INFINITY,
      })
      sim.tell((probe) => probe.onCalled?.(call))
    })
  }
  const work = perform(run, kind, changes, limits).then(
    ({ index, replies }) => settle('done', index, replies),
    (error: unknown) => settle(fateOf(sim, run, limits.signal, error)),
  )
  await settles(sim, run, work, `${kind} of change ${changes[0]?.id}`, limits.timeout)
}

async function perform(
  run: RegisterRun,
  kind: RegisterCall['kind'],
  changes: readonly Change[],
  limits: Limits,
): Promise<{ index: number; replies: readonly Reply[] }> {
  const { group } = run
  const options = optionsOf(limits)
  const [first] = changes as [Change]
  if (kind === 'batch') return group.executeMany(changes, options)
  if (kind === 'feed') return { index: await group.feed(first, options), replies: [] }
  const { index, reply } = await group.execute(first, options)
  return { index, replies: [reply] }
}

export interface Reading {
  readonly draw: Draw
  readonly isStrong: boolean
  readonly key: number
}

export async function read(sim: GroupsSim, run: RegisterRun, { draw, isStrong, key }: Reading): Promise<void> {
  const limits = drawLimits(sim, draw)
  const calledAt = sim.moment()
  const work = run.group.query(key, { ...optionsOf(limits), consistency: isStrong ? 'strong' : 'weak' }).then(
    ({ result: seen, index }) => {
      const reading = { run, key, isStrong, calledAt, endedAt: sim.moment(), index, seen, lineage: seen.lineage, member: run.memberId }
      sim.readings.push(reading)
      sim.tell((probe) => probe.onRead?.(reading))
    },
    (error: unknown) => void fateOf(sim, run, limits.signal, error),
  )
  await settles(sim, run, work, `${isStrong ? 'strong' : 'weak'} query of ${key}`, limits.timeout)
}
