import { defineMap, MosaikError } from '@mosaik/node'
import { simWorld } from '@mosaik/node/testing'
import { describe, expect, it } from 'vitest'

const Prices = defineMap<string, number>('prices', undefined, { consensus: 'fast' })

describe('network.collections', () => {
  it('shares a Map between nodes, and ends with the network', async () => {
    await using world = simWorld({ seed: 1 })
    const a = await world.node('my-app')
    const b = await world.node('my-app', { discovery: { bootstrap: a.local.addresses } })
    const prices = a.collections.writer(Prices)
    const replica = b.collections.reader(Prices)
    await world.run(replica.when.online())
    const committed = await world.run(prices.insert('ETH', 3_200))
    await world.run(replica.when.reaches(committed))
    expect(replica.get('ETH')).toBe(3_200)
    const waiting = replica.when.updated().catch((error: unknown) => error)
    await world.run(b.close())
    expect(MosaikError.is(await waiting, 'ERR_CLOSED')).toBe(true)
    expect(() => b.collections.reader(Prices)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }) as Error)
    expect([replica.get('ETH'), (await world.run(prices.insert('ETH', 3_300))).result]).toEqual([3_200, 3_200])
  })

  it('comes back after a crash', async () => {
    await using world = simWorld({ seed: 2 })
    const a = await world.node('my-app')
    const others = [await world.node('my-app', { discovery: { bootstrap: a.local.addresses } }), await world.node('my-app', { discovery: { bootstrap: a.local.addresses } })] // prettier-ignore
    const writers = [a, ...others].map(({ collections }) => collections.writer(Prices))
    await world.run(Promise.all(writers.map(({ group }) => group.members.until((members) => members.every(({ standing }) => standing === 'voter') && members.length === 3)))) // prettier-ignore
    const committed = await world.run(writers[1]!.insert('ETH', 1))
    const again = await world.restart(a)
    const replica = again.collections.reader(Prices)
    await world.run(again.discovery.syncWith(others[0]!.local.addresses[0] as string))
    await world.run(replica.when.reaches(committed))
    expect([...replica]).toEqual([['ETH', 1]])
  })
})
