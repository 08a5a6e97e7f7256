import { createMetrics, createTicket, uniqueId } from '@mosaik/core'
import type { Clock, Endpoint, TicketValidator } from '@mosaik/core'
import { expect, test } from 'vitest'
import { createStreams, defineStream } from '../src/index.ts'
import { FakeDiscovery } from './support/fake-discovery.ts'
import { range, scenario, take } from './support/world.ts'
import type { Node, TestWorld } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

/** Valid for an hour, so that every admission sets an expiry timer. */
const HourPass: TicketValidator = {
  class: uniqueId('pass'),
  signature: uniqueId('pass, an hour'),
  validate: (_data, { now }) => now + 3_600_000,
}

/** A node whose timers can be counted. */
async function counted(world: TestWorld): Promise<Node & { readonly timers: () => number; readonly gauges: () => string[] }> {
  const metrics = createMetrics()
  const real = await world.sim.endpoint('streams-test', { metrics })
  const open = new Set<object>()
  const clock: Clock = {
    now: () => real.clock.now(),
    monotonic: () => real.clock.monotonic(),
    turn: (task) => real.clock.turn(task),
    after: (ms, task) => {
      const timer = {}
      open.add(timer)
      const cancel = real.clock.after(ms, () => {
        open.delete(timer)
        task()
      })
      return () => {
        open.delete(timer)
        cancel()
      }
    },
  }
  const endpoint = new Proxy(real, {
    get(target, key) {
      if (key === 'clock') return clock
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as Endpoint
  const discovery = new FakeDiscovery(endpoint, world.universe)
  const gauges = (): string[] =>
    metrics
      .text()
      .split('\n')
      .filter((line) => /^mosaik_streams_(producers_active|producer_consumers|consumers_active|consumer_producers)\{/.test(line))
      .filter((line) => !line.endsWith(' 0'))
  return { endpoint, discovery, streams: createStreams(discovery), timers: () => open.size, gauges }
}

test('ends that come and go leave no timers, listeners or gauges behind', () =>
  scenario(async ({ world }) => {
    const a = await counted(world)
    const b = await counted(world)
    a.discovery.addTicket(createTicket('pass', 'a'))
    b.discovery.addTicket(createTicket('pass', 'b'))
    await world.pass('1s')
    const abort = new AbortController()
    const listeners = { added: 0, removed: 0 }
    const { addEventListener, removeEventListener } = abort.signal
    abort.signal.addEventListener = (...parameters: unknown[]) => {
      listeners.added += 1
      Reflect.apply(addEventListener, abort.signal, parameters)
    }
    abort.signal.removeEventListener = (...parameters: unknown[]) => {
      listeners.removed += 1
      Reflect.apply(removeEventListener, abort.signal, parameters)
    }
    const { signal } = abort
    const idle = [a.timers(), b.timers()]
    for (const round of range(0, 60)) {
      const lagging = (['disconnect', 'drop', 'wait'] as const)[round % 3] as 'wait'
      const producer = a.streams.produce(Numbers, { lagging, bufferSize: 4, requireTicket: HourPass })
      const consumers = [b, b, a].map((node, i) =>
        node.streams.consume(Numbers, {
          bufferSize: 4,
          includeLocal: true,
          requireTicket: HourPass,
          ...(i === 1 && { require: () => true }),
        }),
      )
      await producer.when.subscribed({ minimumOf: 2, signal })
      for (const n of range(0, 3)) await producer.send(n, { signal })
      for (const consumer of consumers.slice(0, 2)) expect((await take(consumer, 1)).length).toBe(1)
      const waits = [...consumers.map((consumer) => consumer.when.unmet({ signal })), producer.when.unsubscribed({ signal })]
      if (round % 2 === 0) for (const n of range(0, 9)) producer.send(n, { signal }).catch(() => {})
      const ends = [producer, ...consumers]
      for (const end of round % 4 < 2 ? ends : ends.toReversed()) {
        if (round % 5 === 0) await end.close()
        else void end.close()
      }
      await Promise.all(ends.map((end) => end.close()))
      await Promise.allSettled(waits)
    }
    await world.pass('30s')
    expect([a.timers(), b.timers()]).toEqual(idle)
    expect([...a.gauges(), ...b.gauges()]).toEqual([])
    expect(listeners.added).toBe(listeners.removed)
    await Promise.all([a.streams.close(), b.streams.close()])
    await world.pass('30s')
    expect([a.timers(), b.timers()]).toEqual([0, 0])
  }))
