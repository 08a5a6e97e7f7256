import { describe, expect, it } from 'vitest'
import type { ByteStream } from '@mosaik/core'
import { patternBytes, record, sendAll } from '@mosaik/core/testing'
import { addressOf, gone, pairOf, streamBetween, TALK, within } from './support.ts'

describe('the wires', () => {
  it('take their latency and their bandwidth', () =>
    within({ latency: { min: 10, max: 10 }, jitter: 0, bandwidth: 1e6 }, async (world) => {
      const [a, b] = await pairOf(world)
      const [near, far] = await streamBetween(a, b)
      const reader = record(far)
      record(near)
      const began = world.now
      near.send(new Uint8Array(1))
      await reader.until((seen) => seen.received === 1)
      expect(world.now - began).toBeCloseTo(10, 0)
      near.send(new Uint8Array(100_000))
      await reader.until((seen) => seen.received === 100_001)
      expect(world.now - began).toBeCloseTo(10 + 10 + 100, 0)
    }))

  it('can be slowed down for one pair', () =>
    within({ latency: { min: 1, max: 1 } }, async (world) => {
      const [a, b] = await pairOf(world)
      const [near, far] = await streamBetween(a, b)
      const reader = record(far)
      world.shapePath(b, a, { latency: '2s' })
      const began = world.now
      near.send(new Uint8Array(1))
      await reader.until((seen) => seen.received === 1)
      expect(world.now - began).toBeGreaterThanOrEqual(2000)
    }))

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('are emptied before an endpoint that closes is gone (seed %i)', (seed) =>
    within({ seed, jitter: 1, bandwidth: 1e5 }, async (world) => {
      const [a, b] = await pairOf(world)
      const [near, far] = await streamBetween(a, b)
      const reader = record(far)
      record(near)
      near.send(patternBytes(90_000, 1))
      await a.close()
      await reader.until((seen) => seen.closed !== undefined)
      expect(reader.received).toBe(90_000)
    }),
  )

  it('keep the order within a stream and not between streams', () =>
    within({ jitter: 1, loss: 0.1 }, async (world) => {
      const [a, b] = await pairOf(world)
      const order: number[] = []
      const streams: [ByteStream, ByteStream][] = []
      for (let i = 0; i < 20; i++) streams.push(await streamBetween(a, b))
      const readers = streams.map(([, far], i) => {
        const reader = record(far)
        void reader.until((seen) => seen.received > 0).then(() => order.push(i))
        return reader
      })
      const sent = streams.map((_, i) => patternBytes(20_000, i + 1))
      await Promise.all(streams.map(([near], i) => sendAll(near, record(near), sent[i] as Uint8Array, 777)))
      await Promise.all(readers.map((reader) => reader.until((seen) => seen.received === 20_000)))
      for (const [i, reader] of readers.entries()) expect(reader.bytes()).toEqual(sent[i])
      expect(order).not.toEqual(order.toSorted((x, y) => x - y))
    }))
})

describe('faults', () => {
  it('a partition is noticed by silence on both sides, and dials across it fail', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const c = await world.endpoint('net')
      const began = world.now
      world.partition(a)
      await Promise.all([gone(a, b), gone(b, a)])
      expect(world.now - began).toBeGreaterThan(3000)
      expect(world.now - began).toBeLessThan(4000)
      await expect(a.open(addressOf(c), TALK)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
      await expect(c.connect(addressOf(b))).resolves.toBe(b.id)
      world.heal()
      await expect(a.connect(addressOf(c))).resolves.toBe(c.id)
    }))

  it('a short partition is survived, and what waited arrives in order', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const [near, far] = await streamBetween(a, b)
      const [writer, reader] = [record(near), record(far)]
      const heal = world.partition([a], [b])
      const bytes = patternBytes(100_000, 3)
      void sendAll(near, writer, bytes, 1000)
      await world.run('2s')
      expect(reader.received).toBe(0)
      heal()
      await reader.until((seen) => seen.received === bytes.length)
      expect(reader.bytes()).toEqual(bytes)
      await world.run('10s')
      expect([writer.closed, reader.closed]).toEqual([undefined, undefined])
    }))

  it('a one-way partition is noticed first by the side that hears nothing', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const began = world.now
      world.partition(a, b, { oneWay: true })
      await gone(b, a)
      expect(world.now - began).toBeLessThan(4000)
      expect(a.connections.value.has(b.id)).toBe(true)
      await gone(a, b)
      expect(world.now - began).toBeGreaterThan(6000)
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        await expect(from.connect(addressOf(to))).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
      }
    }))

  it('healing one cut leaves the others', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const c = await world.endpoint('net')
      const healAB = world.partition(a, b)
      world.partition(a, c)
      healAB()
      await expect(a.connect(addressOf(b))).resolves.toBe(b.id)
      await expect(a.connect(addressOf(c))).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
    }))

  it('a crash is noticed within 3 to 4 s, and the dead process does nothing more', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const [near, far] = await streamBetween(a, b)
      const [writer, reader] = [record(near), record(far)]
      let ticks = 0
      const tick = (): void => {
        ticks += 1
        b.clock.after(100, tick)
      }
      tick()
      const began = world.now
      world.crash(b)
      near.send(new Uint8Array(10))
      await writer.until((seen) => seen.closed !== undefined)
      expect(world.now - began).toBeGreaterThan(3000)
      expect(world.now - began).toBeLessThan(4000)
      await world.run('1s')
      expect([ticks, reader.received, reader.closed]).toEqual([1, 0, undefined])
      await expect(b.open(addressOf(a), TALK)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await b.close()
    }))

  it('a restart has the same identity and address, and takes the place of the old connection', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const [near] = await streamBetween(a, b)
      const writer = record(near)
      const again = await world.restart(b)
      expect([again.id, again.addresses]).toEqual([b.id, b.addresses])
      await again.connect(addressOf(a))
      await writer.until((seen) => seen.closed !== undefined)
      expect(world.now).toBeLessThan(1000)
      expect([...a.connections.value]).toEqual([b.id])
    }))

  it('a short pause is survived: timers and messages come late, in order', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const [near, far] = await streamBetween(a, b)
      const [writer, reader] = [record(near), record(far)]
      const fired: number[] = []
      for (const ms of [100, 200, 300]) b.clock.after(ms, () => fired.push(ms))
      const cancelled = b.clock.after(150, () => fired.push(-1))
      world.pause(b)
      const bytes = patternBytes(50_000, 9)
      void sendAll(near, writer, bytes, 997)
      await world.run('2s')
      expect([reader.received, fired]).toEqual([0, []])
      cancelled()
      world.resume(b)
      await reader.until((seen) => seen.received === bytes.length)
      expect(reader.bytes()).toEqual(bytes)
      expect(fired).toEqual([100, 200, 300])
      await world.run('10s')
      expect([writer.closed, reader.closed]).toEqual([undefined, undefined])
    }))

  it('a long pause loses the connection on both sides', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      world.pause(b)
      await gone(a, b)
      expect(b.connections.value.has(a.id)).toBe(true)
      world.resume(b)
      const resumed = world.now
      await gone(b, a)
      expect(world.now - resumed, 'the other side says that it has forgotten').toBeLessThan(1200)
      await expect(b.connect(addressOf(a))).resolves.toBe(a.id)
    }))

  it('a broken connection resets its streams at both ends', () =>
    within({}, async (world) => {
      const [a, b] = await pairOf(world)
      const [near, far] = await streamBetween(a, b)
      const recorders = [record(near), record(far)]
      expect(world.breakConnection(a, b)).toBe(true)
      await Promise.all(recorders.map((recorder) => recorder.until((seen) => seen.closed !== undefined)))
      for (const recorder of recorders) expect(recorder.closed?.error).toBeInstanceOf(Error)
      expect(world.breakConnection(a, b)).toBe(false)
    }))

  it('clocks are skewed and stepped each by itself', () =>
    within({}, async (world) => {
      const [a, b] = [await world.endpoint('net', { clockSkew: '10m' }), await world.endpoint('net', { clockSkew: -5000 })]
      expect(a.clock.now() - world.clock.now()).toBe(600_000)
      expect(b.clock.now() - world.clock.now()).toBe(-5000)
      const before = a.clock.monotonic()
      world.stepClock(a, -700_000)
      expect(a.clock.now() - world.clock.now()).toBe(-100_000)
      expect(a.clock.monotonic()).toBe(before)
    }))
})
