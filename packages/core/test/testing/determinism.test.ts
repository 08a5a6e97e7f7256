import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { ByteStream, Endpoint, Prng } from '@mosaik/core'
import { record, simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { EventQueue, type SimEvent } from '../../src/testing/sim/event-queue.ts'

const ECHO = '/test/echo/1.0'
const addressOf = (endpoint: Endpoint): string => endpoint.addresses[0] as string
const pick = <T>(prng: Prng, items: readonly T[]): T => items[prng.uint32() % items.length] as T

function serve(endpoint: Endpoint): void {
  endpoint.handle(ECHO, (stream) => {
    stream.attach({
      onData: (chunk) => void (stream.send(chunk) || stream.pause()),
      onDrain: () => stream.resume(),
      onEnd: () => stream.end(),
      onClose: () => undefined,
    })
  })
  endpoint.gossip.join('topic', () => 'accept')
}

/** Opens a stream and chats on it now and then, until it breaks. Whatever comes back must be a prefix of what was sent. */
async function chat(world: SimWorld, from: Endpoint, to: Endpoint, checkPrefix: (sent: string, got: string) => void): Promise<void> {
  const stream: ByteStream | undefined = await from.open(addressOf(to), ECHO).catch(() => undefined)
  if (stream === undefined) return
  const recorder = record(stream)
  let sent = ''
  let left = 10
  const more = (): void => {
    checkPrefix(sent, recorder.text())
    if (left-- === 0) stream.end()
    if (left < 0 || recorder.closed !== undefined) return
    const text = `${sent.length} `.repeat(1 + (from.prng.uint32() % 500))
    stream.send(new TextEncoder().encode(text))
    sent += text
    from.clock.after(from.prng.uint32() % 300, more)
  }
  more()
}

/** A network under random faults for 30 s of its time, and what it looked like at the end. */
async function campaign(seed: number): Promise<{ hash: string; events: number; lines: string[]; views: string[] }> {
  await using world = simWorld({ seed, latency: { min: 1, max: 80 }, jitter: 0.5, loss: 0.02, traceLines: 1000 })
  return await world.run(async () => {
    const { prng } = world
    const checkPrefix = (sent: string, got: string): void => {
      if (!sent.startsWith(got)) throw new Error('bytes came back that were not sent in this order')
    }
    const nodes = await Promise.all(Array.from({ length: 6 }, () => world.endpoint('net')))
    for (const node of nodes) serve(node)
    const faults: (() => unknown)[] = [
      () => void world.partition(nodes.filter(() => prng.uint32() % 2 === 0)),
      () => void world.partition(pick(prng, nodes), pick(prng, nodes), { oneWay: true }),
      () => world.heal(),
      () => world.heal(),
      () => world.pause(pick(prng, nodes)),
      () => nodes.forEach((node) => world.resume(node)),
      () => void world.breakConnection(pick(prng, nodes), pick(prng, nodes)),
      () => world.stepClock(pick(prng, nodes), (prng.float() - 0.5) * 1e6),
      () => world.shapePath(pick(prng, nodes), pick(prng, nodes), { latency: 1 + (prng.uint32() % 500), bandwidth: 1e5 }),
      async () => {
        const i = prng.uint32() % nodes.length
        const node = await world.restart(nodes[i] as Endpoint)
        nodes[i] = node
        serve(node)
      },
      () => void pick(prng, nodes).disconnect(pick(prng, nodes).id),
    ]
    for (let i = 0; i < 150; i++) {
      if (prng.uint32() % 3 === 0) await pick(prng, faults)()
      void chat(world, pick(prng, nodes), pick(prng, nodes), checkPrefix)
      await world.run(prng.uint32() % 400)
    }
    world.heal()
    for (const node of nodes) world.resume(node)
    await world.run('15s')
    for (const a of nodes) {
      for (const b of nodes) expect(a.connections.value.has(b.id), `${world.seed}: both sides agree`).toBe(b.connections.value.has(a.id))
    }
    const dials = nodes.flatMap((a) => nodes.filter((b) => b !== a).map((b) => a.connect(addressOf(b))))
    await Promise.all(dials)
    await world.run('2s')
    for (const node of nodes) expect(node.connections.value.size).toBe(nodes.length - 1)
    const views = nodes.map((node) => [...node.connections.value].toSorted().join())
    return { hash: world.trace.hash, events: world.trace.events, lines: world.trace.lines(), views }
  })
}

describe('the same seed', () => {
  it('gives the same history under random faults, twice', async () => {
    for (let seed = 0; seed < 5; seed++) {
      const [first, second] = [await campaign(seed), await campaign(seed)]
      expect(second.lines).toEqual(first.lines)
      expect(second).toEqual(first)
    }
  })

  it('and another one another history', async () => {
    const hashes = await Promise.all([1, 2, 3].map((seed) => campaign(seed)))
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(3)
  })

  it('gives the same keys, latencies and numbers', async () => {
    const look = async (seed: number): Promise<unknown> => {
      await using world = simWorld({ seed })
      const [a, b] = [await world.endpoint('net'), await world.endpoint('net')]
      await world.run(a.connect(addressOf(b)))
      return [a.id, b.id, a.addresses, world.now, a.prng.uint32(), b.prng.uint32(), world.prng.uint32()]
    }
    expect(await look(1)).toEqual(await look(1))
    expect(await look(1)).not.toEqual(await look(2))
  })
})

describe('after any faults', () => {
  it('both sides agree on their connections, and everyone can be connected to everyone again (15 seeds)', async () => {
    for (let seed = 100; seed < 115; seed++) await campaign(seed)
  }, 60_000)
})

describe('the event queue', () => {
  it('is a sorted list (against one)', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('push' as const), at: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ op: fc.constant('pop' as const), at: fc.constant(0) }),
      fc.record({ op: fc.constant('cancel' as const), at: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new EventQueue()
        let twin: SimEvent[] = []
        for (const [order, { op, at }] of steps.entries()) {
          const event: SimEvent = { at, order, owner: undefined, kind: 'test', task: () => undefined }
          if (op === 'push') {
            queue.push(event)
            twin.push(event)
            twin.sort((a, b) => a.at - b.at || a.order - b.order)
          } else if (op === 'pop') {
            expect(queue.pop()).toBe(twin.shift())
          } else if (twin.length > 0) {
            const victim = twin[at % twin.length] as SimEvent
            queue.cancel(victim)
            twin = twin.filter((other) => other !== victim)
          }
          expect(queue.size).toBe(twin.length)
        }
      }),
    )
  })
})
