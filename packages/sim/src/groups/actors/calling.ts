import { MosaikError } from '@mosaik/core'
import type { Draw } from '../../draw.ts'
import type { CallState } from '../history/record.ts'
import type { MemberRun } from '../world/member.ts'
import { pass } from '../world/sim.ts'
import type { MembersSim } from '../world/sim.ts'

const CALL_MS = 6_000
/** After the deadline of a call it must have settled; timers of a member come half a heartbeat interval (50 ms) apart. */
const SETTLE_MS = 200

/** Asks one member for something. */
export type Ask<Run> = (client: number, run: Run, draw: Draw) => Promise<void>

/** One after another it asks members for things, until it is told to stop. */
export async function runClient<Run extends MemberRun>(
  sim: MembersSim<Run>,
  client: number,
  isOver: () => boolean,
  ask: Ask<Run>,
): Promise<void> {
  const draw = sim.draw.under(`client ${client}`)
  await pass(sim, draw.float(0, 500))
  while (!isOver() && sim.violation === undefined) {
    await pass(sim, draw.around(sim.plan.thinkMs))
    const { running } = sim
    if (running.length === 0) continue
    const runs = sim.runsIn(draw.pick(running))
    if (runs.length === 0) continue
    await ask(client, draw.pick(runs), draw)
  }
}

export interface Limits {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

/** Some calls are given up early: what becomes of them is then unknown. */
export function drawLimits(sim: MembersSim, draw: Draw): Limits {
  const timeout = draw.chance(0.1) ? draw.int(20, 400) : CALL_MS
  if (!draw.chance(0.06)) return { timeout, signal: undefined }
  const controller = new AbortController()
  void pass(sim, draw.float(0, 150)).then(() => controller.abort(new Error('given up')))
  return { timeout, signal: controller.signal }
}

/** As options of a call. */
export function optionsOf({ timeout, signal }: Limits): { timeout: number; signal?: AbortSignal } {
  return { timeout, ...(signal !== undefined && { signal }) }
}

/** A call ends by its deadline, by the time of its process, which may stand still or end. */
export async function settles(sim: MembersSim, run: MemberRun, work: Promise<void>, what: string, timeout: number): Promise<void> {
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
export function fateOf(sim: MembersSim, run: MemberRun, signal: AbortSignal | undefined, error: unknown): CallState {
  if (signal?.aborted === true && error === signal.reason) return 'unknown'
  if (MosaikError.is(error)) {
    if (error.code === 'ERR_OFFLINE') return 'lost'
    if (error.code === 'ERR_UNKNOWN' || error.code === 'ERR_SUPERSEDED') return 'unknown'
    if (error.code === 'ERR_CLOSED' && run.life.state !== 'running') return 'unknown'
  }
  const what = `a call at ${run.name} failed with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  sim.fail('no-surprises', 'calls fail only as their documentation says (docs/consistency.md, errors)', what)
  return 'unknown'
}
