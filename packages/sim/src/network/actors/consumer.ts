import { MosaikError } from '@mosaik/core'
import { defineStream } from '@mosaik/streams'
import type { ConsumerOptions } from '@mosaik/streams'
import type { Draw } from '../../draw.ts'
import type { ConsumerPlan } from '../plan/types.ts'
import { arrive } from '../world/arrivals.ts'
import type { Life } from '../world/machine.ts'
import type { ConsumerRun } from '../world/records.ts'
import type { Sim } from '../world/sim.ts'
import { tellingCodec } from './item.ts'
import type { Item } from './item.ts'
import { WISHES } from './where.ts'

/** Producers get 2 s to hang up. */
const CLOSE_CONSUMER_MS = 2_100

/** Runs one consumer of a node for as long as the node runs: opens it, reads in its manner, closes it now and then. */
export async function runConsumer(sim: Sim, life: Life, plan: ConsumerPlan, draw: Draw): Promise<void> {
  await life.sleep(draw.int(0, 500))
  while (life.isOpen) {
    const run = open(sim, life, plan)
    const closeAt = plan.churnMs === undefined ? Number.POSITIVE_INFINITY : sim.now + draw.around(plan.churnMs)
    if (plan.churnMs !== undefined)
      life.clock.after(closeAt - sim.now, () => sim.phase === 'safety' && life.isOpen && void closeConsumer(sim, run))
    await read(sim, run, draw)
    if (!life.isOpen) return
    await life.sleep(draw.around(500))
  }
}

export async function closeConsumer(sim: Sim, run: ConsumerRun): Promise<void> {
  if (run.closingAt !== undefined) return
  run.closingAt = sim.now
  await run.life.expect(run.consumer.close(), `close() of consumer ${run.id}`, sim.now, CLOSE_CONSUMER_MS)
  run.closedAt = sim.now
  run.life.consumers.delete(run)
}

function open(sim: Sim, life: Life, plan: ConsumerPlan): ConsumerRun {
  const definition = defineStream<Item>(
    sim.plan.streams[plan.stream] as string,
    tellingCodec({ onDecode: (item) => arrive(sim, run, item) }),
  )
  const { criteria } = WISHES[plan.where]
  const options: ConsumerOptions<Item> = {
    bufferSize: plan.bufferSize,
    includeLocal: plan.includeLocal,
    ...(criteria !== undefined && { where: criteria }),
    ...(plan.requireTag !== undefined && { require: (peer) => peer.hasTag(plan.requireTag as string) }),
  }
  const run: ConsumerRun = {
    id: sim.consumerRuns.length, life, plan, consumer: life.network.streams.consume(definition, options), openedAt: sim.now,
    waiting: [], channels: new Map(), taken: 0, closingAt: undefined, closedAt: undefined,
  } // prettier-ignore
  sim.consumerRuns.push(run)
  life.consumers.add(run)
  return run
}

/** Until the consumer is closed. */
async function read(sim: Sim, run: ConsumerRun, draw: Draw): Promise<void> {
  try {
    while (run.closingAt === undefined && run.life.isOpen) {
      const manner = draw.int(0, 2)
      if (manner === 0) await iterate(sim, run, draw)
      else if (manner === 1) await receive(sim, run, draw)
      else await poll(sim, run, draw)
    }
  } catch (error) {
    const isLawful = MosaikError.is(error, 'ERR_CLOSED') && (run.closingAt !== undefined || !run.life.isOpen)
    if (!isLawful) throw error
  }
}

async function iterate(sim: Sim, run: ConsumerRun, draw: Draw): Promise<void> {
  let left = draw.int(1, 40)
  for await (const item of run.consumer) {
    took(sim, run, item)
    if (--left === 0) break
    await hesitate(sim, run, draw)
  }
}

async function receive(sim: Sim, run: ConsumerRun, draw: Draw): Promise<void> {
  const giveUp = new AbortController()
  run.life.clock.after(draw.int(1, 3_000), () => giveUp.abort('given up'))
  try {
    for (;;) {
      took(sim, run, await run.consumer.receive({ signal: giveUp.signal }))
      await hesitate(sim, run, draw)
    }
  } catch (error) {
    if (error !== 'given up') throw error
  }
}

async function poll(sim: Sim, run: ConsumerRun, draw: Draw): Promise<void> {
  for (let left = draw.int(1, 10); left > 0; left--) {
    for (let got = run.consumer.tryReceive(); got.ok; got = run.consumer.tryReceive()) took(sim, run, got.datum)
    await run.life.sleep(draw.int(5, 200))
  }
}

/** Slow readers are slow with every item, moody ones stop reading for a while; in the second phase everyone keeps up. */
async function hesitate(sim: Sim, run: ConsumerRun, draw: Draw): Promise<void> {
  if (sim.phase !== 'safety' || run.plan.reader === 'fast') return
  if (run.plan.reader === 'slow') return run.life.sleep(draw.int(1, 250))
  if (!draw.chance(0.05)) return
  for (let left = draw.int(2, 16); left > 0 && sim.phase === 'safety'; left--) await run.life.sleep(250)
}

function took(sim: Sim, run: ConsumerRun, item: Item): void {
  const oldest = run.waiting.shift()
  run.taken += 1
  sim.tell((probe) => probe.onReceived?.(run, item, oldest))
}
