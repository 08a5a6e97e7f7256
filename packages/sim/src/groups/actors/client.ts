import { MosaikError } from '@mosaik/core'
import type { Draw } from '../../draw.ts'
import type { Call, CallState } from '../history/record.ts'
import type { MemberRun } from '../world/member.ts'
import { pass } from '../world/sim.ts'
import type { GroupsSim } from '../world/sim.ts'
import type { Change, Reply } from './register.ts'

const CALL_MS = 6_000
/** After the deadline of a call it must have settled; timers of a member come half a heartbeat interval (50 ms) apart. */
const SETTLE_MS = 200

/** One after another it asks members for things, until it is told to stop. */
export async function runClient(sim: GroupsSim, client: number, isOver: () => boolean): Promise<void> {
  const draw = sim.draw.under(`client ${client}`)
  await pass(sim, draw.float(0, 500))
  while (!isOver() && sim.violation === undefined) {
    await pass(sim, draw.around(sim.plan.thinkMs))
    const { running } = sim
    if (running.length === 0) continue
    const life = draw.pick(running)
    if (life.runs.length === 0) continue
    await ask(sim, client, draw.pick(life.runs), draw)
  }
}

async function ask(sim: GroupsSim, client: number, run: MemberRun, draw: Draw): Promise<void> {
  const what = draw.float(0, 1)
  if (what < 0.25) return read(sim, run, { draw, isStrong: draw.chance(0.75), key: draw.int(0, run.plan.keys - 1) })
  const kind = what < 0.8 ? 'execute' : what < 0.9 ? 'batch' : 'feed'
  const changes = Array.from({ length: kind === 'batch' ? draw.int(2, 4) : 1 }, () => drawChange(sim, run, draw))
  await change(sim, { client, run, kind, changes, limits: drawLimits(sim, draw) })
}

function drawChange(sim: GroupsSim, run: MemberRun, draw: Draw): Change {
  const id = sim.moment()
  const key = draw.int(0, run.plan.keys - 1)
  const what = draw.pick(['write', 'write', 'add', 'add', 'swap'] as const)
  if (what === 'add') return { id, key, what }
  if (what === 'write') return { id, key, what, value: id }
  // what the member believes is there: sometimes true
  return { id, key, what, from: run.machine.query(key).value, value: id }
}

interface Limits {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

/** Some calls are given up early: what becomes of them is then unknown. */
function drawLimits(sim: GroupsSim, draw: Draw): Limits {
  const timeout = draw.chance(0.1) ? draw.int(20, 400) : CALL_MS
  if (!draw.chance(0.06)) return { timeout, signal: undefined }
  const controller = new AbortController()
  void pass(sim, draw.float(0, 150)).then(() => controller.abort(new Error('given up')))
  return { timeout, signal: controller.signal }
}

export interface Asking {
  readonly client: number
  readonly run: MemberRun
  readonly kind: Call['kind']
  /** One, or the commands of a batch. */
  readonly changes: readonly Change[]
  readonly limits: Limits
}

export async function change(sim: GroupsSim, { client, run, kind, changes, limits }: Asking): Promise<void> {
  const calledAt = sim.moment()
  const calls = changes.map(
    (one, offset): Call => ({
      run, client, change: one, kind, offset, calledAt, endedAt: Number.POSITIVE_INFINITY, state: 'pending', index: 0, reply: undefined,
    }), // prettier-ignore
  )
  sim.calls.push(...calls)
  const settle = (state: CallState, index = 0, replies: readonly Reply[] = []): void => {
    const endedAt = sim.moment()
    calls.forEach((call, i) => {
      Object.assign(call, { state, index, reply: replies[i], endedAt: state === 'done' ? endedAt : Number.POSITIVE_INFINITY })
      sim.tell((probe) => probe.onCalled?.(call))
    })
  }
  const work = perform(run, kind, changes, limits).then(
    ({ index, replies }) => settle('done', index, replies),
    (error: unknown) => settle(fateOf(sim, run, limits, error)),
  )
  await settles(sim, run, work, `${kind} of change ${changes[0]?.id}`, limits.timeout)
}

async function perform(
  run: MemberRun,
  kind: Call['kind'],
  changes: readonly Change[],
  { timeout, signal }: Limits,
): Promise<{ index: number; replies: readonly Reply[] }> {
  const { group } = run
  const options = { timeout, ...(signal !== undefined && { signal }) }
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

export async function read(sim: GroupsSim, run: MemberRun, { draw, isStrong, key }: Reading): Promise<void> {
  const limits = drawLimits(sim, draw)
  const calledAt = sim.moment()
  const options = { timeout: limits.timeout, ...(limits.signal !== undefined && { signal: limits.signal }) }
  const work = run.group.query(key, { ...options, consistency: isStrong ? 'strong' : 'weak' }).then(
    ({ result: seen, index }) => {
      const reading = { run, key, isStrong, calledAt, endedAt: sim.moment(), index, seen, lineage: seen.lineage, member: run.memberId }
      sim.readings.push(reading)
      sim.tell((probe) => probe.onRead?.(reading))
    },
    (error: unknown) => void fateOf(sim, run, limits, error),
  )
  await settles(sim, run, work, `${isStrong ? 'strong' : 'weak'} query of ${key}`, limits.timeout)
}

/** A call ends by its deadline, by the time of its process, which may stand still or end. */
async function settles(sim: GroupsSim, run: MemberRun, work: Promise<void>, what: string, timeout: number): Promise<void> {
  let isSettled = false
  const done = work.then(() => void (isSettled = true))
  const { clock } = run.life.endpoint
  const late = new Promise<void>((resolve) => {
    // twice: whoever has stood still must have had a turn
    clock.after(timeout + SETTLE_MS, () => clock.after(SETTLE_MS, resolve))
  })
  await Promise.race([done, run.life.over, late])
  if (isSettled || !run.isOpen) return
  const rule = 'every call ends, at its deadline at the latest (docs/consistency.md, promise 6)'
  sim.fail('everything-settles', rule, `${what} at ${run.name} did not end within ${timeout} ms`)
}

/** What an error says of the fate of a call. Whatever is not documented is a violation. */
function fateOf(sim: GroupsSim, run: MemberRun, { signal }: Limits, error: unknown): CallState {
  if (error === signal?.reason && signal?.aborted === true) return 'unknown'
  if (MosaikError.is(error)) {
    if (error.code === 'ERR_OFFLINE') return 'lost'
    if (error.code === 'ERR_UNKNOWN' || error.code === 'ERR_SUPERSEDED') return 'unknown'
    if (error.code === 'ERR_CLOSED' && run.life.state !== 'running') return 'unknown'
  }
  const what = `a call at ${run.name} failed with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  sim.fail('no-surprises', 'calls fail only as their documentation says (docs/consistency.md, errors)', what)
  return 'unknown'
}
