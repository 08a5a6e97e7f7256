import { format } from 'node:util'
import type { Logger } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineMap, definePriorityQueue, defineSet, defineVec } from '../../src/index.ts'
import type { Change, Collection, Definition } from '../../src/index.ts'
import { CollectionWorld, errorOf } from './world.ts'
import type { Node } from './world.ts'

const consensus = 'fast'
/** A snapshot after twice as many entries. */
const retention = { entries: 8 }
const WRITES = 60

const Loose = defineMap<unknown, unknown>('ages', undefined, { consensus })
const Strict = defineMap('ages', { key: z.string(), value: z.number() }, { consensus })

interface Member extends Node {
  readonly warnings: string[]
}

async function members(world: CollectionWorld, count: number): Promise<Member[]> {
  const all: Member[] = []
  for (let i = 0; i < count; i++) {
    const warnings: string[] = []
    const warn = (...args: unknown[]): void => void warnings.push(format(...args))
    const logger: Logger = { debug() {}, info() {}, warn, error: warn }
    all.push({ ...(await world.node({ logger, retention })), warnings })
  }
  return all
}

function metric({ endpoint }: Node, name: string): number {
  return Number(new RegExp(`^mosaik_${name}\\S* (\\d+)`, 'm').exec(endpoint.metrics.text())?.[1] ?? 0)
}

/** What is told of values that do not fit. */
function told({ warnings }: Member): string[] {
  return warnings.filter((each) => each.includes('does not fit the types of this node'))
}

/** Every member has compared its state with the others' more than once, and none was alone with its own. */
async function agree(world: CollectionWorld, nodes: readonly Member[]): Promise<void> {
  await world.until(
    () => nodes.every((node) => metric(node, 'groups_snapshots_taken') > 2),
    () => `snapshots of all, but ${nodes.map((node) => metric(node, 'groups_snapshots_taken')).join(', ')}`,
  )
  expect(nodes.map((node) => metric(node, 'groups_raft_diverged'))).toEqual(nodes.map(() => 0))
}

describe.each([2, 3])('%i members of which one has other types', (count) => {
  it('hold the same through snapshots, and that one says what does not fit it', async () => {
    await using world = new CollectionWorld(`misfits ${count}`)
    const nodes = await members(world, count)
    const strict = nodes.at(-1)!.collections.writer(Strict)
    const loose = nodes.slice(0, -1).map(({ collections }) => collections.writer(Loose))
    const all = [...loose, strict]
    await world.together(...all)
    const { lineage } = strict.group
    const changes: Change[] = []
    void (async () => {
      for await (const change of strict.changes()) changes.push(change)
    })()

    for (let i = 0; i < WRITES; i++) {
      await world.run(loose[i % loose.length]!.insert(i % 10 === 0 ? i : `${i % 7}`, i % 3 === 0 ? 'many' : i))
      if (i % 5 === 0) await world.run(strict.insert('mine', i))
    }
    expect(await world.run(loose[0]!.insert('last', { n: 1 }))).toMatchObject({ result: undefined })
    await world.level(loose[0]!, ...all)
    for (const each of all) expect([...each]).toEqual([...loose[0]!])
    expect([strict.get('last'), strict.get(0 as never)]).toEqual([{ n: 1 }, 'many'])
    expect(changes).toContainEqual({
      type: 'write',
      method: 'insert',
      key: 0,
      value: 'many',
      result: undefined,
      version: expect.anything(),
    })
    expect(changes.some(({ type }) => type !== 'write')).toBe(false)

    await agree(world, nodes)
    expect([strict.group.lineage, strict.isOnline]).toEqual([lineage, true])
    expect(nodes.map((node) => told(node).length)).toEqual([...loose.map(() => 0), 2])
    for (const part of ['key', 'value']) expect(told(nodes.at(-1)!).join('\n')).toContain(`a ${part} has come`)
    expect(nodes.map((node) => metric(node, 'collections_misfits'))).toEqual([...loose.map(() => 0), WRITES / 10 + WRITES / 3 + 1])
  })

  it('refuse what they write themselves by their own types only', async () => {
    await using world = new CollectionWorld(`own types ${count}`)
    const nodes = await members(world, count)
    const strict = nodes.at(-1)!.collections.writer(Strict)
    const loose = nodes.slice(0, -1).map(({ collections }) => collections.writer(Loose))
    await world.together(...loose, strict)
    const { version } = strict
    expect(await world.run(errorOf(strict.insert('a', 'one' as never)))).toMatchObject({ code: 'ERR_INVALID_DATUM', datum: ['a', 'one'] })
    expect(strict.version).toEqual(version)
    expect((await world.run(loose[0]!.insert('a', 'one'))).result).toBeUndefined()
    expect((await world.run(strict.insert('a', 1))).result).toBe('one')
  })
})

it('who comes late and takes a snapshot holds what does not fit it, and says so', async () => {
  await using world = new CollectionWorld('late')
  const [a, b, c] = await members(world, 3)
  const [one, two] = [a!, b!].map(({ collections }) => collections.writer(Loose))
  await world.together(one!, two!)
  for (let i = 0; i < WRITES; i++) await world.run(one!.insert(`${i}`, i < 20 ? 'many' : i))
  await agree(world, [a!, b!])
  const late = c!.collections.writer(Strict)
  await world.together(one!, two!, late)
  expect([...late]).toEqual([...one!])
  expect(metric(c!, 'groups_snapshots_installed')).toBe(1)
  expect([told(c!).length, metric(c!, 'collections_misfits')]).toEqual([1, 20])
  for (let i = 0; i < WRITES; i++) await world.run(two!.insert(`${i}`, 'more'))
  await world.level(two!, one!, late)
  await agree(world, [a!, b!, c!])
  expect([...late]).toEqual([...one!])
  expect([told(c!).length, metric(c!, 'collections_misfits')]).toEqual([1, 20 + WRITES])
})

it.each<[string, Definition<Collection<Iterable<unknown>>, never>, Definition<Collection<Iterable<unknown>>, never>]>([
  ['set', defineSet('x', undefined, { consensus }), defineSet('x', z.never(), { consensus })],
  ['vec', defineVec('x', undefined, { consensus }), defineVec('x', z.never(), { consensus })],
  ['queue', definePriorityQueue('x', {}, { consensus }), definePriorityQueue('x', { priority: z.never(), key: z.never(), value: z.never() }, { consensus })], // prettier-ignore
] as never)('a %s is the same with types that take nothing', async (_, loose, strict) => {
  await using world = new CollectionWorld('kinds')
  const nodes = await members(world, 3)
  const one = nodes[0]!.collections.writer(loose) as Collection<Iterable<unknown>> & {
    extend(values: readonly unknown[]): Promise<unknown>
  }
  const others = nodes.slice(1).map(({ collections }) => collections.writer(strict) as Collection<Iterable<unknown>>)
  await world.together(one, ...others)
  for (let i = 0; i < WRITES; i++) await world.run(one.extend([[i % 9, `${i % 11}`, i]]))
  await world.level(one, ...others)
  await agree(world, nodes)
  for (const each of others) expect([...each.snapshot()]).toEqual([...one.snapshot()])
  expect(told(nodes[0]!)).toEqual([])
  expect(nodes.slice(1).every((node) => told(node).length > 0 && metric(node, 'collections_misfits') >= WRITES)).toBe(true)
})
