import { deriveId, uniqueId } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineCell, defineMap, definePriorityQueue, defineRegister, defineSet } from '../../src/index.ts'
import type { CollectionOptions } from '../../src/index.ts'
import { CollectionWorld } from '../group/world.ts'

describe('a definition', () => {
  it('has the id of its name, and another one for each version', () => {
    const plain = defineMap('prices')
    expect(plain).toEqual({ id: uniqueId('prices'), name: 'prices' })
    expect(defineMap('prices', {}, { version: 2 }).id).toBe(deriveId(uniqueId('prices'), 'v2'))
    expect(defineSet('a'.repeat(64)).id).toBe('a'.repeat(64))
    expect(defineRegister).toBe(defineCell)
    expect(Object.isFrozen(plain)).toBe(true)
  })

  it('is of one group while everything but types and storage is the same', async () => {
    await using world = new CollectionWorld('ids')
    const [node] = await world.some(1)
    const idOf = (kind: (name: string, options: CollectionOptions) => unknown, name: string, options: CollectionOptions = {}): string =>
      (node!.collections.reader(kind(name, options) as ReturnType<typeof defineMap>) as { readonly group: { readonly id: string } }).group
        .id
    const map = (name: string, options: CollectionOptions): unknown => defineMap(name, undefined, options)
    const typed = (name: string, options: CollectionOptions): unknown => defineMap(name, { key: z.string(), value: z.number() }, options)
    const set = (name: string, options: CollectionOptions): unknown => defineSet(name, undefined, options)
    const queue =
      (capacity?: number) =>
      (name: string, options: CollectionOptions): unknown =>
        definePriorityQueue(name, {}, { ...options, ...(capacity !== undefined && { capacity }) })
    expect(idOf(typed, 'a')).toBe(idOf(map, 'a'))
    const ids = [
      idOf(map, 'a'), idOf(map, 'b'), idOf(set, 'a'), idOf(map, 'a', { version: 1 }), idOf(map, 'a', { secret: 's' }), idOf(map, 'a', { secret: 't' }),
      idOf(map, 'a', { consensus: 'fast' }), idOf(map, 'a', { sync: { fetchBatchSize: 5 } }), idOf(queue(), 'a'), idOf(queue(5), 'a'), idOf(queue(6), 'a'),
    ] // prettier-ignore
    expect(new Set(ids).size).toBe(ids.length)
  })
})
