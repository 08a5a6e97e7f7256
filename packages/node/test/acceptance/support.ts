import { MosaikError, uniqueId } from '@mosaik/core'
import type { Metrics, PeerId, Ticket, TicketValidator } from '@mosaik/core'
import type { Network } from '@mosaik/node'
import { simWorld } from '@mosaik/node/testing'
import type { SimNodeOptions, SimWorld, SimWorldOptions } from '@mosaik/node/testing'
import type { Consumer, Producer } from '@mosaik/streams'

export interface Stage {
  readonly world: SimWorld
  /** Another node of the network; it knows the address of the first one. */
  node(options?: SimNodeOptions): Promise<Network>
  /** So many nodes, when all of them know each other. */
  nodes(count: number, options?: SimNodeOptions): Promise<Network[]>
  /** A sleep. */
  pass(ms: number): Promise<void>
}

/** Runs a test as one program in a simulated world, and closes what it leaves. */
export async function stage(
  seed: string | number,
  play: (stage: Stage) => Promise<void>,
  options: Partial<SimWorldOptions> = {},
): Promise<void> {
  await using world = simWorld({ seed, ...options })
  const started: Network[] = []
  const node: Stage['node'] = async (nodeOptions = {}) => {
    const bootstrap = started[0]?.local.addresses ?? []
    const network = await world.node('acceptance', { ...nodeOptions, discovery: { bootstrap, ...nodeOptions.discovery } })
    started.push(network)
    return network
  }
  const nodes: Stage['nodes'] = async (count, nodeOptions) => {
    const all: Network[] = []
    for (let i = 0; i < count; i += 1) all.push(await node(nodeOptions))
    await Promise.all(all.map(({ discovery }) => discovery.catalog.until(({ size }) => size >= count - 1)))
    return all
  }
  await world.run(() => play({ world, node, nodes, pass: (ms) => world.run(ms) }), { within: '60m' })
}

/** What a promise came to: its value, or the error. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error: unknown) => error,
  )
}

/** The code of the MosaikError that a call throws or a promise rejects with. */
export async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    const value = await (typeof work === 'function' ? work() : work)
    return `no error, but ${String(value)}`
  } catch (error) {
    return MosaikError.is(error) ? error.code : `another error: ${String(error)}`
  }
}

/** 'pending', or how it ended, after everything that can happen without time has happened. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  const settled = promise.then(
    () => 'resolved' as const,
    () => 'rejected' as const,
  )
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  return Promise.race([settled, Promise.resolve('pending' as const)])
}

/** The sum of a metric's series that carry these labels. */
export function metric(metrics: Metrics, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const lines = metrics
    .text()
    .split('\n')
    .filter((line) => new RegExp(`^${name}(?:_total)?[{ ]`).test(line))
  const matching = lines.filter((line) => wanted.every((part) => line.includes(part)))
  return matching.length === 0 ? undefined : matching.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** Everything that is there now. */
export function drain<T>(consumer: Consumer<T>): T[] {
  const data: T[] = []
  for (let next = consumer.tryReceive(); next.ok; next = consumer.tryReceive()) data.push(next.datum)
  return data
}

export async function take<T>(consumer: Consumer<T>, count: number): Promise<T[]> {
  const data: T[] = []
  while (data.length < count) data.push(await consumer.receive())
  return data
}

/** Sends without waiting until that is not possible any more; answers how many went. */
export function fill(producer: Producer<number>, from = 0): number {
  let next = from
  while (producer.trySend(next).ok) next += 1
  return next - from
}

/** Tickets whose text is the moment until which they hold (`never`, or ms since the epoch) and the peer they are for. */
export const PASS = 'acceptance.pass'
export const passFor = (peer: PeerId, until: number | 'never'): string => `${until} ${peer}`
export const passes: TicketValidator & { calls: number } = {
  class: uniqueId(PASS),
  signature: uniqueId('acceptance.pass/1'),
  calls: 0,
  validate(data, { peerId, now }) {
    passes.calls += 1
    const [until, peer] = new TextDecoder().decode(data).split(' ')
    if (peer !== peerId) throw new Error('a pass of somebody else')
    if (until === 'never') return 'never'
    if (Number(until) <= now) throw new Error('over')
    return Number(until)
  },
}

export const ticketsOf = (network: Network): readonly Ticket[] => network.discovery.me.tickets
