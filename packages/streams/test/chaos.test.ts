import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import type { Consumer, Lagging, Producer } from '../src/index.ts'
import { range, TestWorld } from './support/world.ts'
import type { Node } from './support/world.ts'

interface Item {
  readonly from: string
  readonly run: number
  readonly n: number
}

const Items = defineStream<Item>('items')
const RUNS = range(1, 7)

/** What one consumer has seen of each run of each producer: nothing twice, nothing out of order. */
class Watcher {
  readonly consumer: Consumer<Item>
  readonly faults: string[] = []
  count = 0
  readonly #last = new Map<string, number>()

  constructor(consumer: Consumer<Item>) {
    this.consumer = consumer
    void this.#read()
  }

  async #read(): Promise<void> {
    try {
      for await (const { from, run, n } of this.consumer) {
        const key = `${from} ${run}`
        const last = this.#last.get(key) ?? -1
        if (n <= last) this.faults.push(`${key}: ${n} after ${last}`)
        this.#last.set(key, n)
        this.count += 1
      }
    } catch {
      // its node has crashed
    }
  }
}

/** Producers that send without pause, consumers that watch, and faults in between, all from one seed. */
async function storm(seed: number, lagging: Lagging): Promise<void> {
  const world = new TestWorld(seed)
  const { sim } = world
  const chance = sim.prng
  let running = true
  let runs = 0
  const produce = (node: Node): Producer<Item> => {
    const producer = node.streams.produce(Items, { lagging, bufferSize: 16, require: (peer) => !peer.hasTag('banned') })
    const run = runs++
    void (async () => {
      for (let n = 0; running; n++) {
        try {
          await producer.send({ from: node.endpoint.id, run, n })
        } catch {
          return
        }
        await sim.run(`${1 + Math.floor(chance.float() * 20)}ms`)
      }
    })().catch(() => {})
    return producer
  }
  try {
    await sim.run(
      async () => {
        const nodes = await Promise.all(range(0, 5).map(() => world.node()))
        const [p1, p2, c1, c2, c3] = nodes as [Node, Node, Node, Node, Node]
        let producers: [Node, Producer<Item>][] = [p1, p2].map((node) => [node, produce(node)])
        const watchers = [c1, c2, c3, c3].map((node) => new Watcher(node.streams.consume(Items, { bufferSize: 8 })))
        for (let i = 0; i < 40; i++) {
          const kind = chance.uint32() % 6
          const node = nodes[chance.uint32() % nodes.length] as Node
          const other = nodes[chance.uint32() % nodes.length] as Node
          if (kind === 0) sim.breakConnection(node.endpoint, other.endpoint)
          else if (kind === 1) {
            const heal = sim.partition(node.endpoint, undefined, { oneWay: chance.float() < 0.5 })
            await world.pass(`${Math.floor(chance.float() * 8000)}ms`)
            heal()
          } else if (kind === 2) {
            sim.pause(node.endpoint)
            await world.pass(`${Math.floor(chance.float() * 6000)}ms`)
            sim.resume(node.endpoint)
          } else if (kind === 3) node.discovery.addTags('banned')
          else if (kind === 4) node.discovery.removeTags('banned')
          else {
            const index = chance.uint32() % producers.length
            const [home, producer] = producers[index] as [Node, Producer<Item>]
            await producer.close()
            producers = producers.with(index, [home, produce(home)])
          }
          await world.pass(`${Math.floor(chance.float() * 3000)}ms`)
        }
        // After the faults everyone reaches everyone again, and data flow.
        sim.heal()
        for (const node of nodes) node.discovery.removeTags('banned')
        await world.pass('90s')
        const before = watchers.map(({ count }) => count)
        await world.pass('10s')
        for (const [i, watcher] of watchers.entries()) {
          expect(watcher.faults).toEqual([])
          expect(watcher.consumer.producers.filter(({ state }) => state === 'connected').length).toBe(2)
          expect(watcher.count).toBeGreaterThan(before[i] as number)
        }
        running = false
      },
      { within: '60m' },
    )
  } finally {
    await sim.close()
  }
}

describe('under faults nothing is delivered twice or out of order, and afterwards data flow again', () => {
  test.for(RUNS)('seed %i', (seed) => storm(seed, (['disconnect', 'drop', 'wait'] as const)[seed % 3] as Lagging))
})

test('a producer node that crashes and starts again is found again', async () => {
  const world = new TestWorld(5)
  const { sim } = world
  await sim.run(async () => {
    const first = await world.node()
    const reader = await world.node()
    const consumer = reader.streams.consume(Items)
    const producer = first.streams.produce(Items)
    await producer.send({ from: 'a', run: 0, n: 0 })
    expect((await consumer.receive()).run).toBe(0)
    const inlet = consumer.producers[0]
    sim.crash(first.endpoint)
    expect(await inlet?.closed).toMatchObject({ code: 103 })
    await world.pass('30s')
    const second = world.nodeOn(await sim.restart(first.endpoint))
    await second.streams.produce(Items).send({ from: 'a', run: 1, n: 0 })
    expect((await consumer.receive()).run).toBe(1)
  })
  await sim.close()
})

test('one seed gives one history', async () => {
  const hash = async (): Promise<unknown> => {
    const world = new TestWorld(77)
    await world.sim.run(async () => {
      const [a, b] = [await world.node(), await world.node()]
      const producer = a.streams.produce(Items)
      const consumer = b.streams.consume(Items)
      for (const n of range(0, 50)) await producer.send({ from: 'a', run: 0, n })
      for (let i = 0; i < 50; i++) await consumer.receive()
      world.sim.breakConnection(a.endpoint, b.endpoint)
      await consumer.when.unsubscribed()
      await consumer.when.subscribed()
      await a.streams.close()
    })
    const { trace } = world.sim
    await world.sim.close()
    return trace.hash
  }
  expect(await hash()).toEqual(await hash())
})
