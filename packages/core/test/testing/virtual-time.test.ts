import { describe, expect, it } from 'vitest'
import { simWorld } from '@mosaik/core/testing'
import { addressOf, gone, TALK } from './support.ts'

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
    expect(() => simWorld({ seed: 1, ...options })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }),
    )
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
