import type { Committed, Version } from '@mosaik/collections'
import { MosaikError } from '@mosaik/core'
import type { Draw } from '../../draw.ts'
import { drawLimits, fateOf, optionsOf, settles } from '../../groups/actors/calling.ts'
import type { Limits } from '../../groups/actors/calling.ts'
import type { Call } from '../../groups/history/record.ts'
import { pass } from '../../groups/world/sim.ts'
import type { Write } from '../kinds/kind.ts'
import type { CollectionRun } from '../world/collection-run.ts'
import type { CollectionsSim } from '../world/collections-sim.ts'
import { textOf } from '../world/text.ts'
import type { NumberedWrite } from '../world/watched.ts'
import { readChanges } from './reader.ts'

const REACH_MS = 1_500

/** One write; its reply is text. */
export interface CollectionCall extends Call {
  readonly run: CollectionRun
  readonly change: NumberedWrite
  reply: string | undefined
}

type Method = (...args: readonly unknown[]) => Promise<Committed<unknown>>

export async function ask(sim: CollectionsSim, client: number, run: CollectionRun, draw: Draw): Promise<void> {
  const what = draw.float(0, 1)
  if (what < 0.04) return readChanges(sim, run)
  if (what < 0.2 || !run.mayWrite) return sim.tell((probe) => probe.onRead?.(run.read()))
  const call = await write(sim, { client, run, write: drawWrite(sim, run, draw), limits: drawLimits(sim, draw) })
  const others = sim.running.flatMap((life) => sim.runsIn(life)).filter((other) => other.plan === run.plan)
  const version = call && versionOf(call)
  if (version !== undefined && others.length > 0 && draw.chance(0.3)) await reach(sim, draw.pick(others), version)
}

/** What it resolved to. */
export function versionOf({ lineage, index }: CollectionCall): Version | undefined {
  return lineage && { lineage, index }
}

export function drawWrite(sim: CollectionsSim, { kind, plan, handle }: CollectionRun, draw: Draw): Write {
  return kind.write({ draw, plan, handle, value: () => ({ by: sim.moment() }) })
}

export interface Writing {
  readonly client: number
  readonly run: CollectionRun
  readonly write: Write
  readonly limits: Limits
}

/** Answers its record, unless it is a batch of none: that is no write. */
export async function write(
  sim: CollectionsSim,
  { client, run, write: { method, args }, limits }: Writing,
): Promise<CollectionCall | undefined> {
  const id = sim.moment()
  const call: CollectionCall = {
    run, client, change: { id, method, args }, kind: 'execute', offset: 0, calledAt: id, endedAt: Number.POSITIVE_INFINITY, state: 'pending', index: 0,
    lineage: undefined, reply: undefined,
  } // prettier-ignore
  const isWrite = !(args.length === 1 && Array.isArray(args[0]) && args[0].length === 0)
  if (isWrite) sim.calls.push(call)
  sim.calling = isWrite ? id : 0
  const sent = send(run, call.change, limits)
  sim.calling = 0
  const work = sent.then(
    ({ version, result }) => {
      Object.assign(call, { state: 'done', ...version, reply: textOf({ result }), endedAt: sim.moment() })
      if (isWrite) sim.tell((probe) => probe.onWritten?.(call, run.read()))
    },
    (error: unknown) => void (call.state = fateOf(sim, run, limits.signal, error)),
  )
  const told = work.then(() => (isWrite ? sim.tell((probe) => probe.onCalled?.(call)) : undefined))
  await settles(sim, run, told, `${method} ${id}`, limits.timeout)
  return isWrite ? call : undefined
}

/** The command is encoded within this step. */
function send({ handle }: CollectionRun, { method, args }: NumberedWrite, limits: Limits): Promise<Committed<unknown>> {
  const writer = handle as unknown as Record<string, Method>
  return (writer[method] as Method).call(writer, ...args, optionsOf(limits))
}

/** What one member was told, another waits for. */
async function reach(sim: CollectionsSim, run: CollectionRun, version: Version): Promise<void> {
  const patience = new AbortController()
  void pass(sim, REACH_MS).then(() => patience.abort(new Error('given up')))
  const told = (isThere: boolean): void => sim.tell((probe) => probe.onReached?.(version, isThere, run.read()))
  const work = run.handle.when.reaches(version, patience).then(
    () => told(true),
    (error: unknown) => {
      if (MosaikError.is(error, 'ERR_SUPERSEDED')) told(false)
      else fateOf(sim, run, patience.signal, error)
    },
  )
  await settles(sim, run, work, `the wait for ${version.index}`, REACH_MS)
}
