import type { Network, NetworkOptions } from '@mosaik/node'
import { runConsumer } from '../actors/consumer.ts'
import { runMischief, runPass } from '../actors/mischief.ts'
import { runProducer } from '../actors/producer.ts'
import type { NodePlan } from '../plan/types.ts'
import { Life } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Sim } from './sim.ts'

/** `Network.close` promises to take no longer. */
export const CLOSE_MS = 5_000

/** Starts a process on a machine, for the first time or again. */
export async function start(sim: Sim, machine: Machine): Promise<void> {
  const { plan, life: before } = machine
  if (before?.isOpen === true) return
  const network = before === undefined ? await firstNode(sim, machine) : await sim.world.restart(before.network)
  machine.peerId = network.local.id
  const life = new Life(machine, network, (before?.number ?? 0) + 1, sim.now)
  machine.life = life
  sim.log(`start ${life.name} of network ${plan.network}, clock ${machine.skewMs} ms`)
  sim.tell((probe) => probe.onStart?.(life))
  observe(sim, life)
  setToWork(sim, life)
}

export function crash(sim: Sim, life: Life): void {
  sim.log(`crash ${life.name}`)
  life.state = 'crashed'
  life.endedAt = sim.now
  sim.world.crash(life.network)
}

/** A graceful leave. Resolves when it is over. */
export async function leave(sim: Sim, life: Life): Promise<void> {
  sim.log(`leave ${life.name}`)
  sim.tell((probe) => probe.onLeaving?.(life))
  life.state = 'leaving'
  for (const run of [...life.producers, ...life.consumers]) run.closingAt ??= sim.now
  await life.expect(life.network.close({ timeout: CLOSE_MS }), 'close() of the network', sim.now, CLOSE_MS + 100)
  for (const run of [...life.producers, ...life.consumers]) run.closedAt ??= sim.now
  life.state = 'left'
  life.endedAt = sim.now
}

function firstNode(sim: Sim, { plan, skewMs }: Machine): Promise<Network> {
  const { discovery, backoff } = sim.plan
  const options: NetworkOptions = {
    discovery: { ...discovery, bootstrap: bootstrapOf(sim, plan), tags: plan.tags },
    streams: { backoff },
  }
  return sim.world.node(`sim-${plan.network}`, { ...options, clockSkew: skewMs, label: plan.label })
}

function bootstrapOf(sim: Sim, plan: NodePlan): string[] {
  return plan.bootstrap.flatMap((index) => sim.machines[index]?.life?.network.local.addresses.slice(0, 1) ?? [])
}

/** Follows what the node shows, from its first moment on. */
function observe(sim: Sim, life: Life): void {
  const { discovery } = life.network
  const events = discovery.events()
  guard(sim, life, async () => {
    for await (const event of events) sim.tell((probe) => probe.onEvent?.(life, event))
  })
  guard(sim, life, async () => {
    for await (const catalog of discovery.catalog) sim.tell((probe) => probe.onCatalog?.(life, catalog))
  })
}

function setToWork(sim: Sim, life: Life): void {
  const { plan } = life.machine
  const draw = sim.draw.under(`work of ${life.name}`)
  plan.producers.forEach((producer, i) => guard(sim, life, () => runProducer(sim, life, producer, draw.under(`producer ${i}`))))
  plan.consumers.forEach((consumer, i) => guard(sim, life, () => runConsumer(sim, life, consumer, draw.under(`consumer ${i}`))))
  guard(sim, life, () => runPass(life))
  guard(sim, life, () => runMischief(sim, life, draw.under('mischief')))
}

/** Whatever an application would not expect is a violation. */
function guard(sim: Sim, life: Life, work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    if (life.isOpen || !isEnding(error))
      sim.fail('no-surprises', 'calls fail only as their documentation says', `on ${life.name}: ${describe(error)}`)
  })
}

function isEnding(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_CLOSED'
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
