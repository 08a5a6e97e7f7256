import { fileLog } from '@mosaik/raft'
import type { LogStore } from '@mosaik/raft'
import { describe, expect, it } from 'vitest'
import { defineMap } from '../../src/index.ts'
import type { Change, Version } from '../../src/index.ts'
import { CollectionWorld, errorOf, outcome } from './world.ts'

const Prices = defineMap<string, number>('prices', undefined, { consensus: { preset: 'fast', recoveryTimeout: '5s' } })

async function gather<T>(from: AsyncIterable<T>, into: T[]): Promise<void> {
  for await (const one of from) into.push(one)
}

describe('a history that has lost', () => {
  it('takes its writes with it, says so, and hands them over', async () => {
    await using world = new CollectionWorld('superseded')
    const [a, b, c] = await world.some(3)
    // Two that cannot see each other make two histories; more has happened in the one of a and c.
    const heal = world.partition(b!)
    const one = a!.collections.writer(Prices)
    const three = c!.collections.writer(Prices)
    const two = b!.collections.writer(Prices)
    await world.together(one, three)
    await world.run(two.when.online())
    await world.run(one.extend([['ETH', 1], ['BTC', 1]])) // prettier-ignore
    await world.run(one.insert('SOL', 1))
    const lost = await world.run(two.insert('ETH', 2))
    const [events, changes]: [unknown[], Change[]] = [[], []]
    void gather<unknown>(two.group.events(), events)
    void gather<Change>(two.changes(), changes)
    expect(await world.run(outcome(two.when.reaches(lost)))).toBe('done')
    heal()
    await world.together(one, two, three)
    await world.level(one, two)
    expect([...two]).toEqual([...one])
    expect(await world.run(errorOf(two.when.reaches(lost)))).toMatchObject({ code: 'ERR_SUPERSEDED' })
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'superseded',
        entries: [{ index: lost.version.index, command: { method: 'insert', args: ['ETH', 2] } }],
      }),
    )
    expect(changes[0]).toEqual({ type: 'reset', version: { lineage: '0'.repeat(64), index: 0 } })
  })
})

describe('the only writer', () => {
  it('comes back as somebody else, with what its readers have', async () => {
    await using world = new CollectionWorld('lone')
    const [a, b, c] = await world.some(3)
    const writer = a!.collections.writer(Prices)
    const readers = [b!, c!].map(({ collections }) => collections.reader(Prices))
    await world.together(writer, ...readers)
    const written = await world.run(writer.insert('ETH', 1))
    await world.level(writer, ...readers)
    world.crash(a!)
    const began = world.sim.now
    const next = (await world.node()).collections.writer(Prices)
    await world.run(next.when.online())
    expect(world.sim.now - began).toBeLessThan(15_000)
    expect(next.get('ETH')).toBe(1)
    await world.run(next.when.reaches(written))
    const more = await world.run(next.insert('ETH', 2))
    await world.run(Promise.all(readers.map(({ when }) => when.reaches(more))))
    await world.run(Promise.all(readers.map(({ when }) => when.reaches(written))))
    expect(readers.map((reader) => reader.get('ETH'))).toEqual([2, 2])
    expect(new Set(readers.map(({ version }) => version.lineage))).toEqual(new Set([next.version.lineage]))
  })

  it('comes back with the same key', async () => {
    await using world = new CollectionWorld('same')
    const [a, b] = await world.some(2)
    const writer = a!.collections.writer(Prices)
    const reader = b!.collections.reader(Prices)
    await world.together(writer, reader)
    await world.run(writer.insert('ETH', 1))
    await world.level(writer, reader)
    const again = (await world.restart(a!)).collections.writer(Prices)
    await world.run(again.insert('BTC', 2, { timeout: '20s' }))
    expect([...again]).toEqual([['BTC', 2], ['ETH', 1]]) // prettier-ignore
    await world.level(again, reader)
    expect([...reader]).toEqual([...again])
  })
})

describe('who is alone with its disk', () => {
  it('knows after a restart what its history goes on from', async () => {
    await using world = new CollectionWorld('ancestors')
    const disk = world.sim.disk('disk')
    const storage = (): LogStore => fileLog('/log', { disk: disk.mount({ clock: world.sim.clock }) })
    const kept = await world.node()
    let survivor = kept.collections.writer(Prices, { storage: storage() })
    const versions: Version[] = []
    // Each time the majority is lost with all that it had, and another history goes on.
    for (let i = 0; i < 3; i++) {
      const others = await world.some(2)
      const writers = others.map(({ collections }) => collections.writer(Prices))
      await world.together(survivor, ...writers)
      await world.until(
        () => survivor.group.members.value.filter(({ standing }) => standing === 'voter').length === 3,
        () => 'three voters',
      )
      versions.push((await world.run(survivor.insert(`${i}`, i))).version)
      await world.level(survivor, ...writers)
      for (const other of others) world.crash(other)
      await world.run(survivor.insert('alone', i, { timeout: '1m' }))
    }
    expect(new Set(versions.map(({ lineage }) => lineage)).size).toBe(3)
    world.crash(kept)
    disk.cutPower()
    survivor = (await world.restart(kept)).collections.writer(Prices, { storage: storage() })
    const reached = new Set<number>()
    versions.forEach((version, i) => void survivor.when.reaches(version).then(() => reached.add(i)))
    await world.until(
      () => reached.size === versions.length,
      () => `all versions, and there are ${[...reached].join(', ')}`,
    )
    const { index } = versions[1]!
    // In the first history, behind its end.
    expect(await world.run(errorOf(survivor.when.reaches({ ...versions[0]!, index: index + 1 })))).toMatchObject({ code: 'ERR_SUPERSEDED' })
  })
})

describe('many readers', () => {
  it('follow two writers, and bond with nobody else', async () => {
    await using world = new CollectionWorld('many')
    const [a, b] = await world.some(2)
    const writers = [a!, b!].map(({ collections }) => collections.writer(Prices))
    await world.together(...writers)
    await world.run(writers[0]!.extend(Array.from({ length: 1_000 }, (_, i) => [`${i}`, i] as const)))
    const nodes = await world.some(20)
    const readers = nodes.map(({ collections }) => collections.reader(Prices))
    await world.run(Promise.all(readers.map(({ when }) => when.online())))
    expect(readers.every(({ size }) => size === 1_000)).toBe(true)
    const last = await world.run(writers[1]!.insert('last', 1))
    await world.run(Promise.all(readers.map(({ when }) => when.reaches(last))))
    expect(readers.every((reader) => reader.get('last') === 1)).toBe(true)
    for (const { group } of readers) {
      const bonded = new Set(group.bonds.value.map(({ peerId }) => peerId))
      expect([...bonded].filter((peer) => peer !== a!.id && peer !== b!.id)).toEqual([])
    }
  })
})
