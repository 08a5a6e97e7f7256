import type { PeerEntry } from '@mosaik/discovery'
import { belong } from '../actors/rules.ts'
import { connectedConsumers, connectedProducers } from '../world/channels.ts'
import type { Life } from '../world/machine.ts'
import type { ConsumerRun, ProducerRun } from '../world/records.ts'
import type { Sim } from '../world/sim.ts'

/** Something that must come true once everything has healed, within a stated time, and then stay. */
export interface Goal {
  readonly name: string
  readonly rule: string
  /** What is still missing, if anything. */
  missing(sim: Sim): string | undefined
}

export const catalogsConverge: Goal = {
  name: 'catalogs-converge',
  rule: 'every catalog is the set of living nodes of its network with their newest entries; who crashed is purged (Discovery.catalog)',
  missing: (sim) => {
    for (const life of sim.open) {
      const catalog = life.network.discovery.catalog.value
      const { me } = life.network.discovery
      if (me.updatedAt > life.clock.now() + sim.plan.discovery.maxTimeDrift)
        return `${life.name} still dates its entry by the clock that it had before`
      const others = sim.openIn(life.machine.plan.network).filter((other) => other !== life)
      for (const other of others) {
        const problem = differs(catalog.get(other.peerId), other)
        if (problem !== undefined) return `${life.name} shows ${other.name} ${problem}`
      }
      if (catalog.size === others.length) continue
      const strangers = [...catalog].filter(({ peerId }) => !others.some((other) => other.peerId === peerId))
      return `${life.name} still shows ${strangers.map(({ peerId }) => sim.nameOf(peerId)).join(', ')}`
    }
    return undefined
  },
}

/** A renewal may be on its way; what the entry says and which run it is of may not be old. */
function differs(shown: PeerEntry | undefined, { network, clock }: Life): string | undefined {
  const { me } = network.discovery
  if (shown === undefined) return 'not at all'
  if (shown.startedAt !== me.startedAt) return `as an earlier run (${shown.startedAt}, now ${me.startedAt})`
  const sets = [shown.tags, shown.streams, new Set(shown.tickets.map(({ id }) => id)), new Set(shown.addresses)] as readonly Set<string>[]
  const own = [me.tags, me.streams, new Set(me.tickets.map(({ id }) => id)), new Set(me.addresses)] as readonly Set<string>[]
  const isOld = sets.some((set, i) => set.symmetricDifference(own[i] as Set<string>).size > 0)
  // changes within the last moments are under way
  return isOld && me.updatedAt < clock.now() - 3_000 ? `as of ${shown.updatedAt}, which differs from its ${me.updatedAt}` : undefined
}

export const pairsConnect: Goal = {
  name: 'pairs-connect-once',
  rule: 'every consumer is connected exactly once to every producer that it accepts and that accepts it, and to no other; both ends know (Consumer.producers, Producer.consumers)',
  missing: (sim) => {
    const idle = sim.open.find(
      ({ machine, producers, consumers }) =>
        producers.size < machine.plan.producers.length || consumers.size < machine.plan.consumers.length,
    )
    if (idle !== undefined) return `${idle.name} has not opened all its producers and consumers`
    const runs = sim.open.flatMap((life) => [...life.consumers])
    for (const producer of sim.open.flatMap((life) => [...life.producers])) {
      const mine = runs.filter((consumer) => shouldMeet(sim, producer, consumer))
      const problem = isFull(producer, mine) ? crowded(sim, producer) : complete(sim, producer, mine)
      if (problem !== undefined)
        return `producer ${producer.id} on ${producer.life.name} (${sim.plan.streams[producer.plan.stream]}): ${problem}`
    }
    return undefined
  },
}

export function shouldMeet(sim: Sim, producer: ProducerRun, consumer: ConsumerRun): boolean {
  const [from, to] = [producer.life, consumer.life]
  if (producer.plan.stream !== consumer.plan.stream || from.machine.plan.network !== to.machine.plan.network) return false
  if (from === to && !consumer.plan.includeLocal) return false
  return belong(producer.plan, from.network.discovery.me, consumer.plan, to.network.discovery.me, sim.world.clock.now())
}

/** Consumers of one node with one `where` share a subscription. */
function subscriptions(consumers: readonly ConsumerRun[]): number {
  return new Set(consumers.map(({ life, plan }) => `${life.peerId} ${plan.where}`)).size
}

function isFull({ plan }: ProducerRun, consumers: readonly ConsumerRun[]): boolean {
  return plan.maxConsumers !== undefined && subscriptions(consumers) > plan.maxConsumers
}

/** More want it than it serves: it serves as many as it may. */
function crowded(sim: Sim, producer: ProducerRun): string | undefined {
  const served = connectedConsumers(sim, producer).length
  return served === producer.plan.maxConsumers ? undefined : `serves ${served} of at most ${producer.plan.maxConsumers}`
}

function complete(sim: Sim, producer: ProducerRun, mine: readonly ConsumerRun[]): string | undefined {
  const served = connectedConsumers(sim, producer)
  if (served.length !== subscriptions(mine)) return `serves ${served.length} subscriptions, ${subscriptions(mine)} belong to it`
  for (const consumer of sim.open.flatMap((life) => [...life.consumers])) {
    if (consumer.plan.stream !== producer.plan.stream) continue
    const connected = connectedProducers(sim, consumer).filter(({ info }) => info.peerId === producer.life.peerId).length
    const expected = mine.includes(consumer) ? 1 : 0
    if (connected !== expected)
      return `consumer ${consumer.id} on ${consumer.life.name} is connected ${connected} times instead of ${expected}`
  }
  return undefined
}

/** Items that were sent after `since` have come through every connection that is there. */
export function itemsFlow(since: ReadonlyMap<ProducerRun, number>): Goal {
  return {
    name: 'items-flow',
    rule: 'what an online producer sends reaches every connected consumer that asks for it (Producer.send)',
    missing: (sim) => {
      for (const consumer of sim.open.flatMap((life) => [...life.consumers])) {
        for (const channel of connectedProducers(sim, consumer)) {
          const producer = sim.open
            .flatMap((life) => [...life.producers])
            .find((run) => run.life.peerId === channel.info.peerId && run.plan.stream === consumer.plan.stream)
          if (producer === undefined || !producer.producer.isOnline) continue
          if ((channel.last ?? -1) >= (since.get(producer) ?? 0)) continue
          return `consumer ${consumer.id} on ${consumer.life.name} has got nothing new of producer ${producer.id} on ${producer.life.name}`
        }
      }
      return undefined
    },
  }
}

/** Its items may have come late, and its goodbye with them. */
export const partingsEnd: Goal = {
  name: 'partings-end',
  rule: 'a channel ends with its producer, after what was sent before (Producer.close)',
  missing: (sim) => {
    for (const consumer of sim.open.flatMap((life) => [...life.consumers])) {
      const { network } = consumer.life.machine.plan
      const there = new Set(sim.openIn(network).map(({ peerId }) => peerId))
      const left = [...consumer.channels.values()].find(
        ({ ended, info, from }) => ended === undefined && (!there.has(info.peerId) || from?.closedAt !== undefined),
      )
      if (left !== undefined)
        return `consumer ${consumer.id} on ${consumer.life.name} is still connected to ${sim.nameOf(left.info.peerId)}, which has closed its producer`
    }
    return undefined
  },
}

export function isOnlineAsItShould(sim: Sim): string | undefined {
  for (const life of sim.open) {
    for (const run of life.producers) {
      const expected = connectedConsumers(sim, run).length >= run.plan.minimumOf
      if (run.producer.isOnline !== expected) return `producer ${run.id} on ${life.name} is ${expected ? 'not ' : ''}online`
    }
  }
  return undefined
}
