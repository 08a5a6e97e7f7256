import { MosaikError } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCollections, defineMap, defineSet } from '../../src/index.ts'
import type { Version } from '../../src/index.ts'
import { CollectionWorld, errorOf, outcome } from './world.ts'

const consensus = 'fast'
const Lines = defineSet<string>('lines', undefined, { consensus })
const Prices = defineMap('prices', { key: z.string(), value: z.number() }, { consensus })

describe('a write that comes to nothing', () => {
  it('hands back what it was given, when there is no leader', async () => {
    await using world = new CollectionWorld('offline')
    const [a, b, c] = await world.some(3)
    const [one, two, three] = [a!, b!, c!].map(({ collections }) => collections.writer(Prices))
    await world.together(one!, two!, three!)
    world.partition(c!)
    await world.run(three!.when.offline())
    const options = { timeout: '1s' } as const
    const writes = [
      [three!.insert('a', 1, options), ['a', 1]],
      [three!.remove('a', options), 'a'],
      [three!.extend(new Map([['a', 1]]), options), [['a', 1]]], // prettier-ignore
      [three!.removeMany(['a', 'b'], options), ['a', 'b']],
      [three!.compareExchange('a', 1, undefined, options), ['a', 1, undefined]],
    ] as const
    for (const [write, given] of writes) {
      const error = await world.run(errorOf(write))
      expect(error).toMatchObject({ code: 'ERR_OFFLINE', datum: given, value: given })
      expect(error.message).toContain('nothing was sent')
    }
    expect(three!.isOnline).toBe(false)
    expect(await world.run(three!.extend([]))).toEqual({ version: three!.version, result: 0 })
    expect(await world.run(outcome(one!.insert('a', 2)))).toBe('done')
  })

  it('is refused before anything is sent, when it does not fit the types', async () => {
    await using world = new CollectionWorld('types')
    const [a] = await world.some(1)
    const writer = a!.collections.writer(Prices)
    await world.run(writer.when.online())
    const { version } = writer
    const wrong: readonly (readonly [Promise<unknown>, unknown])[] = [
      [writer.insert('a', 'much' as never), ['a', 'much']],
      [writer.insert(5 as never, 5), [5, 5]],
      [writer.extend([['a', 1], ['b', 'x' as never]]), [['a', 1], ['b', 'x']]], // prettier-ignore
      [writer.insert('a', undefined as never), ['a', undefined]],
    ]
    for (const [write, given] of wrong) {
      expect(await world.run(errorOf(write))).toMatchObject({ code: 'ERR_INVALID_DATUM', datum: given, value: given })
    }
    expect([writer.size, writer.version]).toEqual([0, version])
  })

  it('is told why, when the handle, the collections or the groups are closed', async () => {
    await using world = new CollectionWorld('closed')
    const [a] = await world.some(1)
    const writer = a!.collections.writer(Lines)
    const other = a!.collections.writer(Lines)
    await world.run(writer.insert('kept'))
    const waits = [writer.when.offline(), writer.when.updated(), writer.when.reaches({ ...writer.version, index: 1e6 })]
    const ended = (async () => {
      for await (const change of writer.changes()) expect(change).toBeUndefined()
    })()
    const outcomes = Promise.all([...waits.map(outcome), ended])
    await world.run(Promise.all([writer.close(), writer.close()]))
    expect(await world.run(outcomes)).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED', undefined])
    expect(await errorOf(writer.insert('lost'))).toMatchObject({ code: 'ERR_CLOSED', datum: 'lost' })
    expect(await outcome(writer.extend([]))).toBe('ERR_CLOSED')
    expect([writer.isOnline, writer.has('kept')]).toEqual([false, true])
    expect((await world.run(other.insert('more'))).result).toBe(true)
    await world.run(a!.collections.close())
    expect(await outcome(other.insert('lost'))).toBe('ERR_CLOSED')
    expect(() => a!.collections.reader(Lines)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }) as Error)
    const again = createCollections(a!.groups)
    const third = again.writer(Lines)
    const waiting = outcome(third.when.reaches({ ...third.version, lineage: 'x' as Version['lineage'], index: 1 }))
    await world.run(a!.groups.close())
    expect(await world.run(waiting)).toBe('ERR_CLOSED')
    expect(await world.run(outcome(third.insert('x')))).toBe('ERR_CLOSED')
    await world.run(again.close())
  })

  it('rejects with the reason of its signal', async () => {
    await using world = new CollectionWorld('aborted')
    const [a] = await world.some(1)
    const writer = a!.collections.writer(Lines)
    await world.run(writer.when.online())
    const signal = AbortSignal.abort(new Error('enough'))
    const waits = [
      writer.insert('x', { signal }),
      writer.extend([], { signal }),
      writer.when.offline({ signal }),
      writer.when.updated({ signal }),
      writer.when.reaches({ ...writer.version, index: 99 }, { signal }),
    ]
    for (const wait of waits) await expect(wait).rejects.toThrow('enough')
    const changes = writer.changes({ signal })[Symbol.asyncIterator]()
    await expect(changes.next()).rejects.toThrow('enough')
  })
})

describe('what cannot be opened', () => {
  it('is refused at once', async () => {
    await using world = new CollectionWorld('refused')
    const [a] = await world.some(1)
    const { collections, groups } = a!
    expect(() => createCollections(groups)).toThrow(expect.objectContaining({ code: 'ERR_ALREADY_EXISTS' }) as Error)
    expect(() => collections.reader({ id: Prices.id, name: 'prices' })).toThrow('make it with defineMap')
    expect(() => defineMap('')).toThrow(/name is ""/)
    expect(() => defineSet('x', { parse: 1 } as never)).toThrow(MosaikError)
    expect(() => defineSet('x', undefined, { secret: '' })).toThrow('secret must be text')
    expect(() => defineSet('x', undefined, { version: -1 })).toThrow('version is -1')
    expect(() => collections.writer(defineSet('x', undefined, { sync: { fetchBatchSize: 0 } }))).toThrow('sync.fetchBatchSize')
    await expect(collections.writer(Prices).when.reaches('x' as never)).rejects.toThrow('version is "x"')
  })
})
