import { describe, expect, it } from 'vitest'
import { defineMap } from '../../src/index.ts'
import { CollectionWorld } from './world.ts'

const Prices = defineMap<string, number>('prices', undefined, { consensus: 'fast' })

describe('a Map over three nodes', () => {
  it('is written by two and read by all', async () => {
    await using world = new CollectionWorld(1)
    const [a, b, c] = await world.some(3)
    const one = a!.collections.writer(Prices)
    const two = b!.collections.writer(Prices)
    const reader = c!.collections.reader(Prices)
    await world.together(one, two, reader)
    expect(await world.run(one.insert('ETH', 3_200))).toMatchObject({ result: undefined, version: one.version })
    expect(one.get('ETH')).toBe(3_200)
    await world.level(one, two, reader)
    expect([two.get('ETH'), reader.get('ETH')]).toEqual([3_200, 3_200])
    expect((await world.run(two.insert('ETH', 3_300))).result).toBe(3_200)
    expect((await world.run(two.extend([['BTC', 1], ['BTC', 2], ['SOL', 3]]))).result).toBe(3) // prettier-ignore
    await world.level(two, one, reader)
    expect(one.version).toEqual(two.version)
    expect([...reader]).toEqual([['BTC', 2], ['ETH', 3_300], ['SOL', 3]]) // prettier-ignore
    expect('insert' in reader).toBe(false)
  })

  it('gives a late reader what is there when it is online', async () => {
    await using world = new CollectionWorld(2)
    const [a, b] = await world.some(2)
    const writer = a!.collections.writer(Prices)
    await world.run(writer.when.online())
    await world.run(writer.extend(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, i] as const)))
    const reader = b!.collections.reader(Prices)
    await world.run(reader.when.online())
    expect(reader.size).toBe(5_000)
  })
})
