import { describe, expect, it } from 'vitest'
import type { ByteStream, Endpoint } from '@mosaik/core'
import { patternBytes, record, sendAll, simWorld } from '@mosaik/core/testing'
import type { SimWorld, SimWorldOptions } from '@mosaik/core/testing'

const TALK = '/test/talk/1.0'

const addressOf = (endpoint: Endpoint): string => endpoint.addresses[0] as string

const within = async (options: Partial<SimWorldOptions>, program: (world: SimWorld) => Promise<void>): Promise<void> => {
  await using world = simWorld({ seed: 'world test', ...options })
  await world.run(() => program(world))
}

async function streamBetween(a: Endpoint, b: Endpoint): Promise<[ByteStream, ByteStream]> {
  const accepted = Promise.withResolvers<ByteStream>()
  b.handle(TALK, accepted.resolve)
  const near = await a.open(addressOf(b), TALK)
  b.unhandle(TALK)
  return [near, await accepted.promise]
}

async function pairOf(world: SimWorld): Promise<[Endpoint, Endpoint]> {
  const [a, b] = [await world.endpoint('net'), await world.endpoint('net')]
  await a.connect(addressOf(b))
  await b.connections.until((peers) => peers.has(a.id))
  return [a, b]
}

const gone = (endpoint: Endpoint, other: Endpoint): Promise<unknown> => endpoint.connections.until((peers) => !peers.has(other.id))

describe('virtual time', () => {
  it('passes only while someone waits, and exactly as far', async () => {
    await using world = simWorld({ seed: 1 })
    const times: number[] = []
    world.clock.after(500, () => times.push(world.now))
    world.clock.after(1500, () => times.push(world.now))
    expect(world.now).toBe(0)
    await world.run('1s')
    expect([world.now, ...times]).toEqual([1000, 500])
    await world.run(500)
    expect([world.now, ...times]).toEqual([1500, 500, 1500])
  })

  it('lets all microtasks of an event run before the next one, also long chains', async () => {
    await using world = simWorld({ seed: 1 })
    const order: string[] = []
    world.clock.after(1, async () => {
      for (let i = 0; i < 100; i++) await Promise.resolve()
      await new Promise<void>((resolve) => process.nextTick(resolve))
      order.push('first')
    })
    world.clock.after(1, () => order.push('second'))
    await world.run(2)
    expect(order).toEqual(['first', 'second'])
  })

  it('runs end-of-turn tasks after the microtasks and before the next event', async () => {
    await using world = simWorld({ seed: 1 })
    const order: string[] = []
    world.clock.after(1, () => {
      world.clock.turn(() => order.push('turn'))
      void Promise.resolve().then(() => order.push('microtask'))
      order.push('event')
    })
    world.clock.after(1, () => order.push('next event'))
    await world.run(2)
    expect(order).toEqual(['event', 'microtask', 'turn', 'next event'])
  })

  it('cancels', async () => {
    await using world = simWorld({ seed: 1 })
    let ran = 0
    const cancels = Array.from({ length: 5000 }, (_, i) => world.clock.after(i, () => (ran += 1)))
    for (const cancel of cancels.filter((_, i) => i % 5 !== 0)) cancel()
    cancels[1]?.()
    await world.run('10s')
    cancels[0]?.()
    expect(ran).toBe(1000)
  })

  it('says that nothing is left to happen, and when', async () => {
    await using world = simWorld({ seed: 1 })
    await world.run('2s')
    await expect(world.settle(new Promise(() => undefined))).rejects.toThrow(/deadlock.*virtual time is 2\.000000 s/)
  })

  it('says that work took too long', async () => {
    await using world = simWorld({ seed: 1 })
    const tick = (): void => void world.clock.after(100, tick)
    tick()
    const error = await world.settle(new Promise(() => undefined), { within: '5s' }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', message: expect.stringMatching(/within 5\.000 s.*virtual time is 5\.0/) })
  })

  it('says that time stands still', async () => {
    await using world = simWorld({ seed: 1 })
    const spin = (): void => world.clock.turn(spin)
    spin()
    await expect(world.run('1s')).rejects.toThrow('time stands still')
  })

  it('hands on what a timer throws', async () => {
    await using world = simWorld({ seed: 1 })
    world.clock.after(1, () => {
      throw new Error('a bug')
    })
    await expect(world.run('1s')).rejects.toThrow('a bug')
  })

  it('may be run from within a run', async () => {
    await using world = simWorld({ seed: 1 })
    await world.run(async () => {
      await world.run('3s')
      await Promise.all([world.run('2s'), world.run(world.run('4s'))])
      expect(world.now).toBe(7000)
    })
  })

  it('rejects its waits when the world is closed', async () => {
    const world = simWorld({ seed: 1 })
    const [a, b] = [await world.endpoint('net'), await world.endpoint('net')]
    const waits = [world.run('1s'), a.open(addressOf(b), TALK), a.connections.changed()]
    const outcomes = Promise.allSettled(waits)
    await world.close()
    await world.close()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLOSED' } })
    await expect(world.run('1s')).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })

  it('passes while an endpoint closes, without a run', async () => {
    await using world = simWorld({ seed: 1 })
    await using a = await world.endpoint('net')
    const b = await world.endpoint('net')
    await world.run(a.connect(addressOf(b)))
    await a.close()
    await world.run(gone(b, a))
  })
})

describe('options', () => {
  it.each([
    [{ seed: '' }, 'seed'],
    [{ latency: { min: 5, max: 1 } }, 'latency.max'],
    [{ bandwidth: 0 }, 'bandwidth'],
    [{ jitter: 2 }, 'jitter'],
    [{ loss: -1 }, 'loss'],
    [{ traceLines: 0.5 }, 'traceLines'],
  ])('refuses %j, naming it', (options, name) => {
    expect(() => simWorld({ seed: 1, ...options })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }))
  })

  it('refuses an address in use, and endpoints of another world', async () => {
    await using world = simWorld({ seed: 1 })
    await using other = simWorld({ seed: 1 })
    const a = await world.endpoint('net', { address: '/memory/a' })
    expect(a.addresses).toEqual([`/memory/a/p2p/${a.id}`])
    await expect(world.endpoint('net', { address: '/memory/a' })).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS' })
    await expect(world.endpoint('net', { address: 'a' })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    expect(() => other.pause(a)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
  })
})

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
      for (const [from, to] of [[a, b], [b, a]] as const) {
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
      await gone(b, a)
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

describe('meeting places', () => {
  const key = 'aa'.repeat(32) as Parameters<Awaited<ReturnType<Endpoint['rendezvous']['join']>>['provide']>[0]

  it('nodes meet at a private table while its server is reachable', () =>
    within({}, async (world) => {
      const [server, a, b] = [await world.endpoint('other net'), await world.endpoint('net'), await world.endpoint('net')]
      await server.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
      const table = { kind: 'private', bootstrap: [addressOf(server)], serve: false } as const
      const [at, bt] = [await a.rendezvous.join(table), await b.rendezvous.join(table)]
      await at.provide(key)
      expect(await Array.fromAsync(bt.find(key))).toEqual([a.addresses])
      expect(await Array.fromAsync(at.find(key))).toEqual([])
      world.partition(server)
      expect(await Array.fromAsync(bt.find(key))).toEqual([])
      await expect(bt.provide(key)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
      const late = bt.provide(key)
      await world.run('2s')
      world.heal()
      await late
      expect(await Array.fromAsync(at.find(key))).toEqual([b.addresses])
      await world.run('3m')
      expect(await Array.fromAsync(at.find(key))).toEqual([])
      await Promise.all([at.close(), at.close()])
      await expect(at.provide(key)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await expect(a.rendezvous.join({ ...table, bootstrap: ['nonsense'] })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    }))

  it('a serving node stands in for a bootstrap that has died', () =>
    within({}, async (world) => {
      const [first, a, b] = [await world.endpoint('net'), await world.endpoint('net'), await world.endpoint('net')]
      await first.rendezvous.join({ kind: 'private', bootstrap: [], serve: true })
      const bootstrap = [addressOf(first)]
      const at = await a.rendezvous.join({ kind: 'private', bootstrap, serve: true })
      const bt = await b.rendezvous.join({ kind: 'private', bootstrap, serve: false })
      await at.provide(key)
      expect(await Array.fromAsync(bt.find(key))).toEqual([a.addresses])
      world.crash(first)
      expect(await Array.fromAsync(bt.find(key))).toEqual([a.addresses])
    }))

  it('the public table is for those who are online', () =>
    within({}, async (world) => {
      const [a, b, offline] = [await world.endpoint('net', { online: true }), await world.endpoint('net', { online: true }), await world.endpoint('net')]
      const [at, bt, ot] = await Promise.all([a, b, offline].map((endpoint) => endpoint.rendezvous.join({ kind: 'public' })))
      await at?.provide(key)
      expect(await Array.fromAsync(bt?.find(key) ?? [])).toEqual([a.addresses])
      expect(await Array.fromAsync(ot?.find(key) ?? [])).toEqual([])
    }))

  it('a local network shows the nodes of the same network', () =>
    within({ lan: true }, async (world) => {
      const [early, a] = [await world.endpoint('net'), await world.endpoint('net')]
      await world.endpoint('other net')
      const found: string[] = []
      const stop = a.rendezvous.onLocalPeer((addresses) => found.push(...addresses))
      await world.run('1s')
      expect(found).toEqual(early.addresses)
      const late = await world.endpoint('net')
      await world.run('1s')
      expect(found).toEqual([...early.addresses, ...late.addresses])
      stop()
      await world.endpoint('net')
      await world.run('20s')
      expect(found.length).toBe(2)
    }))
})
