import { describe, expect, it } from 'vitest'
import { defineCell, defineMap, defineOnce } from '../../src/index.ts'
import type { Change } from '../../src/index.ts'
import { CollectionWorld } from './world.ts'

const consensus = 'fast'
const Ages = defineMap<string, number>('ages', undefined, { consensus })

async function take(from: AsyncIterable<Change>, count: number): Promise<Change[]> {
  const changes: Change[] = []
  for await (const change of from) if (changes.push(change) === count) break
  return changes
}

describe('handles of one collection on a node', () => {
  it('are one member, and read the same', async () => {
    await using world = new CollectionWorld(1)
    const [a, b] = await world.some(2)
    const reader = a!.collections.reader(Ages)
    const writer = a!.collections.writer(Ages)
    const remote = b!.collections.writer(Ages)
    await world.together(reader, remote)
    expect(reader.group.members.value.every(({ standing }) => standing !== 'observer')).toBe(true)
    await world.run(writer.insert('ada', 36))
    expect([reader.get('ada'), reader.version]).toEqual([36, writer.version])
    await world.run(writer.close())
    await world.run(remote.insert('bob', 40))
    await world.level(remote, reader)
    expect(reader.get('bob')).toBe(40)
    expect(() => writer.version).not.toThrow()
  })

  it('begin anew when the last one was closed', async () => {
    await using world = new CollectionWorld(2)
    const [a, b] = await world.some(2)
    const stays = b!.collections.writer(Ages)
    const first = a!.collections.writer(Ages)
    await world.together(stays, first)
    await world.run(first.insert('ada', 36))
    const closing = first.close()
    const second = a!.collections.reader(Ages)
    expect(second.size).toBe(0)
    await world.run(closing)
    await world.together(stays, second)
    expect(second.get('ada')).toBe(36)
    expect(second.group.members.value.map(({ standing }) => standing).sort()).toEqual(['observer', 'voter'])
  })

  it('tell how current they are', async () => {
    await using world = new CollectionWorld(3)
    const [a, b] = await world.some(2)
    const writer = a!.collections.writer(Ages)
    const reader = b!.collections.reader(Ages)
    expect(writer.version).toEqual({ lineage: '0'.repeat(64), index: 0 })
    await world.together(writer, reader)
    const updated = reader.when.updated()
    const committed = await world.run(writer.insert('ada', 36))
    await world.run(updated)
    await world.run(reader.when.reaches(committed))
    expect(reader.get('ada')).toBe(36)
    const nothing = await world.run(writer.remove('nobody'))
    expect(nothing.result).toBeUndefined()
    expect(nothing.version.index).toBeGreaterThan(committed.version.index)
    expect(nothing.version.lineage).toBe(committed.version.lineage)
    await world.run(writer.when.reaches({ lineage: '0'.repeat(64) as never, index: 0 }))
  })

  it('show the group, and cannot write through it', async () => {
    await using world = new CollectionWorld(4)
    const [a] = await world.some(1)
    const writer = a!.collections.writer(Ages)
    await world.run(Promise.all([writer.group.when.isLeader(), writer.when.online()]))
    expect(writer.group).toMatchObject({ leader: a!.id, isLeader: true, isOnline: true, lineage: writer.version.lineage })
    expect(writer.group.status().members).toHaveLength(1)
    expect(Object.keys(writer.group)).not.toContain('execute')
    expect('close' in writer.group || 'transferLeadership' in writer.group || 'query' in writer.group).toBe(false)
  })
})

describe('changes', () => {
  it('come in order, with versions, to writers and readers', async () => {
    await using world = new CollectionWorld(5)
    const [a, b] = await world.some(2)
    const writer = a!.collections.writer(Ages)
    const reader = b!.collections.reader(Ages)
    await world.together(writer, reader)
    const told = [take(writer.changes(), 4), take(reader.changes(), 4)]
    const first = await world.run(writer.insert('ada', 36))
    await world.run(writer.extend([['bob', 40], ['eve', 1]])) // prettier-ignore
    await world.run(writer.compareExchange('bob', 41, 42))
    const last = await world.run(writer.remove('ada'))
    const [here, there] = await world.run(Promise.all(told))
    expect(there).toEqual(here)
    expect(here).toEqual([
      { type: 'write', method: 'insert', key: 'ada', value: 36, result: undefined, version: first.version },
      { type: 'write', method: 'extend', entries: [['bob', 40], ['eve', 1]], result: 2, version: expect.anything() }, // prettier-ignore
      { type: 'write', method: 'compareExchange', key: 'bob', expected: 41, next: 42, result: false, version: expect.anything() },
      { type: 'write', method: 'remove', key: 'ada', result: 36, version: last.version },
    ])
  })

  it('are bounded: who is too slow is told how many it has missed', async () => {
    await using world = new CollectionWorld(6)
    const [a] = await world.some(1)
    const writer = a!.collections.writer(Ages)
    await world.run(writer.when.online())
    const changes = writer.changes()
    for (let i = 0; i < 5; i++) await world.run(Promise.all(Array.from({ length: 1_000 }, (_, j) => writer.insert(`${j}`, i))))
    const [lagged, oldest] = await take(changes, 2)
    expect(lagged).toEqual({ type: 'lagged', missed: 5_000 - 4_096 })
    expect(oldest).toMatchObject({ type: 'write', key: '904', value: 0 })
  })

  it('begin with a reset for who comes late', async () => {
    await using world = new CollectionWorld(7)
    const [a, b] = await world.some(2)
    const writer = a!.collections.writer(Ages)
    await world.run(writer.when.online())
    await world.run(Promise.all(Array.from({ length: 9_000 }, (_, i) => writer.insert(`${i % 5_000}`, i))))
    await world.until(
      () => /snapshots_taken\S* [1-9]/.test(a!.endpoint.metrics.text()),
      () => 'a snapshot',
    )
    const reader = b!.collections.reader(Ages)
    const told = take(reader.changes(), 1)
    await world.run(reader.when.online())
    const [first] = await world.run(told)
    expect(first).toMatchObject({ type: 'reset', version: { lineage: writer.version.lineage } })
    await world.level(writer, reader)
    expect([...reader]).toEqual([...writer])
    const metrics = b!.endpoint.metrics.text()
    expect(metrics).toMatch(/mosaik_collections_map_size\{.*\} 5000/)
    expect(metrics).toMatch(/mosaik_collections_syncs_started\S* 1\b/)
  })
})

describe('a Cell and a Once', () => {
  it('hold one value', async () => {
    await using world = new CollectionWorld(9)
    const [a, b] = await world.some(2)
    const cell = a!.collections.writer(defineCell<{ n: number }>('cell', undefined, { consensus }))
    const cells = b!.collections.reader(defineCell<{ n: number }>('cell', undefined, { consensus }))
    await world.together(cell, cells)
    expect(cell.isEmpty).toBe(true)
    expect((await world.run(cell.write({ n: 1 }))).result).toBeUndefined()
    expect((await world.run(cell.set({ n: 2 }))).result).toEqual({ n: 1 })
    expect((await world.run(cell.compareExchange({ n: 1 }, { n: 3 }))).result).toBe(false)
    expect((await world.run(cell.compareExchange({ n: 2 }, { n: 3 }))).result).toBe(true)
    await world.level(cell, cells)
    expect([cells.get(), cells.read(), cells.snapshot()]).toEqual([{ n: 3 }, { n: 3 }, { n: 3 }])
    expect((await world.run(cell.clear())).result).toEqual({ n: 3 })
    expect((await world.run(cell.compareExchange(undefined, undefined))).result).toBe(true)
  })

  it('the first of two writers wins, and who waits for the value gets it', async () => {
    await using world = new CollectionWorld(10)
    const Chosen = defineOnce<string>('chosen', undefined, { consensus })
    const [a, b, c] = await world.some(3)
    const [one, two] = [a!, b!].map(({ collections }) => collections.writer(Chosen))
    const reader = c!.collections.reader(Chosen)
    const value = reader.value()
    await world.together(one!, two!, reader)
    const [first, second] = await world.run(Promise.all([one!.write('one'), two!.set('two')]))
    expect(first.result).toBe(!second.result)
    const chosen = first.result ? 'one' : 'two'
    expect(await world.run(value)).toBe(chosen)
    expect([one!.get(), two!.read(), await world.run(two!.value())]).toEqual([chosen, chosen, chosen])
    expect((await world.run(one!.write('late'))).result).toBe(false)
  })
})
