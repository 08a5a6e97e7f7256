import { describe, expect, it } from 'vitest'
import { defineMap } from '../../src/index.ts'
import { CollectionWorld, errorOf, outcome } from './world.ts'

const Prices = defineMap<string, number>('prices', undefined, { consensus: 'fast' })

describe('a write that is under way', () => {
  it('at a leader that is cut off hands back what it was given', async () => {
    await using world = new CollectionWorld('cut off')
    const nodes = await world.some(5)
    const writers = nodes.map(({ collections }) => collections.writer(Prices))
    await world.together(...writers)
    await world.until(
      () => writers.every(({ group }) => group.members.value.filter(({ standing }) => standing === 'voter').length === 5),
      () => 'five votes',
    )
    const led = writers.findIndex(({ group }) => group.isLeader)
    world.partition(nodes[led]!)
    const write = errorOf(writers[led]!.insert('a', 1, { timeout: '2s' }))
    const error = await world.run(write)
    expect(error).toMatchObject({ code: 'ERR_UNKNOWN', datum: ['a', 1], value: ['a', 1] })
  })

  it('ends with the last handle, and goes on while there is another', async () => {
    await using world = new CollectionWorld('ends')
    const [a] = await world.some(1)
    const first = a!.collections.writer(Prices)
    const second = a!.collections.writer(Prices)
    const write = outcome(first.insert('a', 1)) // nobody leads yet
    await world.run(first.close())
    expect(await world.run(write)).toBe('done')
    expect(second.get('a')).toBe(1)
    world.partition(a!)
    const [b] = await world.some(1)
    const third = b!.collections.writer(defineMap<string, number>('lonely', undefined, { consensus: { preset: 'fast', minMembers: 9 } }))
    const waiting = errorOf(third.insert('x', 1))
    await world.run(third.close())
    expect(await world.run(waiting)).toMatchObject({ code: 'ERR_CLOSED', datum: ['x', 1] })
  })
})
