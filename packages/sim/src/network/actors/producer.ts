import { MosaikError } from '@mosaik/core'
import { defineStream } from '@mosaik/streams'
import type { ProducerOptions } from '@mosaik/streams'
import type { Draw } from '../../draw.ts'
import type { ProducerPlan } from '../plan/types.ts'
import { connectedConsumers, channelTo } from '../world/channels.ts'
import type { Life } from '../world/machine.ts'
import type { ConsumerChannel, ProducerRun, Sending } from '../world/records.ts'
import type { Sim } from '../world/sim.ts'
import { tellingCodec } from './item.ts'
import type { Item } from './item.ts'
import { passValidator } from './pass.ts'
import { WISHES } from './where.ts'

/** Sends that may wait at a time in one opening. */
const MAX_WAITING = 6
const KINDS = ['a', 'b', 'c'] as const
/** Queues get 2 s to run empty, then consumers 1.5 s to hang up. */
const CLOSE_PRODUCER_MS = 3_600
/** In the second phase nobody shall be too slow. */
const CALM_GAP_MS = 700

/** Runs one producer of a node for as long as the node runs: opens it, sends, closes it now and then. */
export async function runProducer(sim: Sim, life: Life, plan: ProducerPlan, draw: Draw): Promise<void> {
  await life.sleep(draw.int(0, 500))
  while (life.isOpen) {
    const run = open(sim, life, plan)
    const closeAt = plan.churnMs === undefined ? undefined : sim.now + draw.around(plan.churnMs)
    while (life.isOpen && run.closingAt === undefined) {
      if (sim.phase === 'safety' && closeAt !== undefined && sim.now >= closeAt) break
      burst(sim, run, draw)
      await life.sleep(sim.phase === 'safety' ? draw.around(plan.everyMs) : CALM_GAP_MS)
    }
    if (!life.isOpen || run.closingAt !== undefined) return
    const closing = closeProducer(sim, run)
    if (draw.chance(0.5)) await closing
    await life.sleep(draw.around(500))
  }
}

/** Resolves when the producer is closed. */
export async function closeProducer(sim: Sim, run: ProducerRun): Promise<void> {
  run.closingAt = sim.now
  await run.life.expect(run.producer.close(), `close() of producer ${run.id}`, sim.now, CLOSE_PRODUCER_MS)
  run.closedAt = sim.now
  run.life.producers.delete(run)
}

function open(sim: Sim, life: Life, plan: ProducerPlan): ProducerRun {
  const definition = defineStream<Item>(sim.plan.streams[plan.stream] as string, tellingCodec({}))
  const options: ProducerOptions<Item> = {
    lagging: plan.lagging,
    bufferSize: plan.bufferSize,
    onlineWhen: { minimumOf: plan.minimumOf },
    undelivered: ({ seq }) => ((run.sendings[seq] as Sending).undelivered = true),
    ...(plan.maxConsumers !== undefined && { maxConsumers: plan.maxConsumers }),
    ...(plan.requireTag !== undefined && { require: (peer) => peer.hasTag(plan.requireTag as string) }),
    ...(plan.needsPass && { requireTicket: passValidator }),
  }
  const run: ProducerRun = {
    id: sim.producerRuns.length, life, plan, producer: life.network.streams.produce(definition, options), openedAt: sim.now,
    sendings: [], channels: new Map(), unsettled: 0, closingAt: undefined, closedAt: undefined,
  } // prettier-ignore
  sim.producerRuns.push(run)
  life.producers.add(run)
  return run
}

function burst(sim: Sim, run: ProducerRun, draw: Draw): void {
  const count = sim.phase === 'safety' ? draw.int(1, run.plan.burst) : 1
  const waits = run.plan.lagging === 'wait' ? draw.chance(0.8) : draw.chance(0.3)
  for (let i = 0; i < count; i++) {
    if (!waits || run.unsettled >= MAX_WAITING) offer(sim, run, draw)
    else void send(sim, run, draw)
  }
}

function offer(sim: Sim, run: ProducerRun, draw: Draw): void {
  const sending = prepare(sim, run, draw, false)
  const sent = run.producer.trySend(sending.item)
  if (sent.ok) took(sim, run, sending)
  else sending.state = 'refused'
}

async function send(sim: Sim, run: ProducerRun, draw: Draw): Promise<void> {
  const sending = prepare(sim, run, draw, true)
  const giveUp = new AbortController()
  if (draw.chance(0.1)) run.life.clock.after(draw.int(1, 2_000), () => giveUp.abort('given up'))
  run.unsettled += 1
  try {
    const sent = run.producer.send(sending.item, { signal: giveUp.signal })
    await run.life.expect(sent, `send() of #${sending.item.seq} by producer ${run.id}`, sim.now)
    took(sim, run, sending)
  } catch (error) {
    sending.state = 'refused'
    const isLawful = error === 'given up' || (MosaikError.is(error, 'ERR_CLOSED') && error.datum === sending.item)
    if (!isLawful && run.life.state !== 'crashed') throw error
  } finally {
    run.unsettled -= 1
  }
}

function prepare(sim: Sim, run: ProducerRun, draw: Draw, waits: boolean): Sending {
  const pad = draw.bytes(draw.chance(0.02) ? run.plan.padMax * 20 : draw.int(0, run.plan.padMax))
  const item: Item = { run: run.id, seq: run.sendings.length, kind: draw.pick(KINDS), price: draw.int(0, 99), pad }
  const owedTo = creditors(sim, run).filter((channel) => WISHES[channel.run.plan.where].holds(item))
  const sending: Sending = { item, waits, wasOnline: run.producer.isOnline, state: 'pending', undelivered: false, owedTo }
  run.sendings.push(sending)
  sim.tell((probe) => probe.onSend?.(run, sending))
  return sending
}

function took(sim: Sim, run: ProducerRun, sending: Sending): void {
  sending.state = 'taken'
  connectedConsumers(sim, run)
  const { seq } = sending.item
  for (const channel of sending.owedTo) if (channel.ended === undefined && (channel.last ?? -1) < seq) channel.owed.set(seq, sending)
  sim.tell((probe) => probe.onTaken?.(run, sending))
}

/** Consumers anywhere that show a connection to this opening now. Whose connection may belong to an earlier one is left out. */
function creditors(sim: Sim, run: ProducerRun): ConsumerChannel[] {
  const { life, plan } = run
  const earlier = sim.producerRuns.findLast(
    (other) => other !== run && other.life.machine === life.machine && other.plan.stream === plan.stream,
  )
  const since = Math.max(run.openedAt, earlier === undefined ? 0 : run.openedAt + 5_000)
  const consumers = sim.openIn(life.machine.plan.network).flatMap((other) => [...other.consumers])
  return consumers.flatMap((other) => {
    if (other.plan.stream !== plan.stream || other.closingAt !== undefined) return []
    const channel = channelTo(sim, other, life.peerId)
    return channel !== undefined && channel.connectedAt > since ? [channel] : []
  })
}
