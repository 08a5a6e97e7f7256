import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import type { Lagging } from '../src/index.ts'
import { range, scenario } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

describe.each(['wait', 'drop', 'disconnect'] as const)('under %s', (lagging: Lagging) => {
  test.for(range(1, 21))(
    'sends, attempts and aborts in any mixture: what was taken comes in order, and all counts agree (seed %i)',
    (seed) =>
      scenario(async ({ world, a, b, c }) => {
        const { prng } = world.sim
        const chance = (n: number): number => prng.uint32() % n
        const taken: number[] = []
        const producer = a.streams.produce(Numbers, { lagging, bufferSize: 1 + chance(4) })
        const bufferSize = 1 + chance(4)
        const all = b.streams.consume(Numbers, { bufferSize })
        const none = c.streams.consume(Numbers, { bufferSize, where: { $: 1 } as never }) // matches no number
        await Promise.all([all, none].map((consumer) => consumer.when.subscribed()))
        const [outlet] = producer.consumers.filter(({ peerId }) => peerId === b.endpoint.id)
        const [inlet] = all.producers
        const got: number[] = []
        let reading = true
        const reader = (async () => {
          while (reading) {
            for (let left = chance(4); left > 0; left--) {
              const received = all.tryReceive()
              if (received.ok) got.push(received.datum)
            }
            await world.pass(`${chance(9)}ms`)
          }
        })()
        const pending: Promise<void>[] = []
        for (const n of range(0, 200)) {
          const kind = chance(4)
          if (kind === 0) {
            if (producer.trySend(n).ok) taken.push(n)
          } else {
            const abort = new AbortController()
            const sent = producer.send(n, kind === 1 ? { signal: abort.signal } : {})
            pending.push(
              sent.then(
                () => void taken.push(n),
                () => {},
              ),
            )
            if (kind === 1) a.endpoint.clock.after(chance(20), () => abort.abort())
          }
          if (chance(3) === 0) await world.pass(`${chance(10)}ms`)
        }
        await Promise.all(pending)
        await world.pass('5s')
        reading = false
        await reader
        for (let received = all.tryReceive(); received.ok; received = all.tryReceive()) got.push(received.datum)
        await world.pass('1s')
        expect(got).toEqual([...got].sort((x, y) => x - y))
        expect(new Set(got).size).toBe(got.length)
        expect(got.filter((n) => !taken.includes(n))).toEqual([])
        expect(producer.stats.datums).toBe(taken.length)
        expect(outlet?.state).toBe('connected') // it is the only one that matches: it never lags while others go on
        expect(got.length).toBe(taken.length)
        expect([producer.stats.dropped, outlet?.stats.dropped, inlet?.stats.dropped, all.stats.dropped]).toEqual([0, 0, 0, 0])
        expect([outlet?.stats.datums, inlet?.stats.datums, all.stats.datums]).toEqual([got.length, got.length, got.length])
        expect([outlet?.stats.bytes, inlet?.stats.bytes, all.stats.bytes]).toEqual(new Array(3).fill(producer.stats.bytes))
        expect(none.stats.datums).toBe(0)
      }, seed),
  )
})

test.for(range(1, 21))('under drop what two readers of different speed got and missed adds up at both ends (seed %i)', (seed) =>
  scenario(async ({ world, a, b, c }) => {
    const { prng } = world.sim
    const chance = (n: number): number => prng.uint32() % n
    const producer = a.streams.produce(Numbers, { lagging: 'drop', bufferSize: 1 + chance(3) })
    const readers = [b, c].map(({ streams }, i) => ({
      consumer: streams.consume(Numbers, { bufferSize: 1 + chance(5) }),
      pause: 4 + 20 * i,
    }))
    await Promise.all(readers.map(({ consumer }) => consumer.when.subscribed()))
    const outlets = producer.consumers
    const inlets = readers.map(({ consumer }) => consumer.producers[0])
    const got: number[][] = [[], []]
    const reading = readers.map(async ({ consumer, pause }, i) => {
      for await (const n of consumer) {
        got[i]?.push(n)
        await world.pass(`${1 + chance(pause)}ms`)
      }
    })
    for (const n of range(0, 150)) {
      await producer.send(n)
      if (chance(2) === 0) await world.pass(`${chance(6)}ms`)
    }
    await world.pass('20s')
    await producer.close()
    await world.pass('1s')
    for (const [i, { consumer }] of readers.entries()) {
      const outlet = outlets.find(({ peerId }) => peerId === [b, c][i]?.endpoint.id)
      expect(got[i]).toEqual(got[i]?.toSorted((x, y) => x - y))
      expect((got[i]?.length ?? 0) + consumer.stats.dropped).toBe(150)
      expect([inlets[i]?.stats.dropped, outlet?.stats.dropped]).toEqual([consumer.stats.dropped, consumer.stats.dropped])
      expect([inlets[i]?.stats.datums, outlet?.stats.datums]).toEqual([got[i]?.length, got[i]?.length])
      await consumer.close()
    }
    await Promise.all(reading)
    expect(producer.stats).toMatchObject({ datums: 150, dropped: readers.reduce((sum, { consumer }) => sum + consumer.stats.dropped, 0) })
  }, seed),
)
