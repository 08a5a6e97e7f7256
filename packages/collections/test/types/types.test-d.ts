// Compiled, never run: what must not compile does not compile.
import type { Group, Groups } from '@mosaik/raft'
import { z } from 'zod'
import {
  createCollections,
  defineCell,
  defineMap,
  defineOnce,
  definePriorityQueue,
  defineRegister,
  defineSet,
  defineVec,
} from '../../src/index.ts'
import type {
  Change,
  Collection,
  CollectionGroup,
  Committed,
  Definition,
  MapReader,
  MapWriter,
  PriorityEntry,
  ReaderOf,
  SetReader,
  Version,
  WriterOf,
} from '../../src/index.ts'

declare const groups: Groups

const Prices = defineMap<string, number>('prices')
const Orders = defineMap(
  'orders',
  { key: z.object({ id: z.number() }), value: z.object({ symbol: z.string(), price: z.number() }) },
  { version: 2 },
)
const Lines = defineVec('lines', z.string())
const Tags = defineSet<{ readonly name: string }>('tags', undefined, { secret: 's', sync: { fetchBatchSize: 10 } })
const Leader = defineCell<string>('leader')
const Config = defineRegister('config', z.object({ limit: z.number() }))
const Genesis = defineOnce<Uint8Array>('genesis')
const Jobs = definePriorityQueue<bigint, string, { readonly cost: number }>('jobs', {}, { capacity: 100, consensus: 'fast' })

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Yes<T extends true> = T
export type Inferred = [
  Yes<Equal<ReaderOf<typeof Prices>, MapReader<string, number>>>,
  Yes<Equal<WriterOf<typeof Orders>, MapWriter<{ id: number }, { symbol: string; price: number }>>>,
  Yes<Equal<ReaderOf<typeof Tags>, SetReader<{ readonly name: string }>>>,
  Yes<Equal<ReaderOf<number>, never>>,
]

export async function sample(signal: AbortSignal): Promise<void> {
  await using collections = createCollections(groups)
  const prices = collections.writer(Prices)
  const replica: ReadonlyMap<string, number> = collections.reader(Prices)
  const { result, version }: Committed<number | undefined> = await prices.insert('ETH', 1, { signal, timeout: '5s' })
  const counts: Committed<number> = await prices.extend(new Map([['ETH', 1]]))
  await prices.when.reaches(counts, { signal })
  await prices.when.reaches(version)
  const known: Version = prices.version
  console.log(
    result,
    known.index,
    [...replica.keys()].map((key) => key.length),
  )
  const orders = collections.writer(Orders)
  const symbol: string | undefined = orders.get({ id: 1 })?.symbol
  await orders.compareExchange({ id: 1 }, undefined, { symbol: symbol ?? 'ETH', price: 1 })
  const lines = collections.writer(Lines)
  const inserted: Committed<boolean> = await lines.insert(0, 'first')
  for (const line of lines) console.log(line.length, inserted.result)
  const frozen: readonly string[] = lines.snapshot()
  const tags = collections.writer(Tags)
  const both: Set<{ readonly name: string } | string> = tags.union(new Set([frozen[0] ?? '']))
  console.log(tags.isSubsetOf(both), (await tags.removeMany([{ name: 'x' }])).result.toFixed())
  const leader: string | undefined = collections.reader(Leader).get()
  await collections.writer(Config).set({ limit: leader?.length ?? 0 })
  const bytes: Uint8Array = await collections.reader(Genesis).value({ signal })
  const jobs = collections.writer(Jobs)
  const evicted: PriorityEntry<bigint, string, { readonly cost: number }> | undefined = (await jobs.insert(5n, 'a', { cost: bytes.length }))
    .result
  await jobs.extend(evicted === undefined ? [] : [evicted])
  await jobs.removeRange({ from: 1n, to: 5n, fromExclusive: true, toInclusive: true })
  const group: CollectionGroup = jobs.group
  const isLeader: boolean = group.isLeader
  const anything: Collection<unknown> = jobs
  const told: AsyncIterable<Change> = isLeader ? anything.changes() : prices.changes({ signal })
  for await (const change of told) if (change.type === 'write') console.log(change['method'], change.version.lineage)
  for await (const change of prices.changes()) {
    if (change.type !== 'write') continue
    if (change.method === 'insert') console.log(change.key.length, change.value.toFixed(), change.result?.toFixed())
    else if (change.method === 'extend') console.log(change.entries[0]?.[0].length)
  }
}

export async function mistakes(): Promise<void> {
  const collections = createCollections(groups)
  const reader = collections.reader(Prices)
  const writer = collections.writer(Prices)
  // @ts-expect-error a name is needed
  defineMap<string, number>()
  // @ts-expect-error a reader does not write
  await reader.insert('ETH', 1)
  // @ts-expect-error nor does it look like what writes
  const asWriter: MapWriter<string, number> = reader
  // @ts-expect-error another type of value
  await writer.insert('ETH', 'much')
  // @ts-expect-error another type of key
  writer.get(5)
  // @ts-expect-error a view is not written to
  writer.snapshot().set('ETH', 1)
  // @ts-expect-error a list's view is not written to
  collections.reader(Lines).snapshot().push('x')
  // @ts-expect-error objects cannot be ordered
  definePriorityQueue<{ level: number }, string, string>('jobs')
  // @ts-expect-error the priorities are bigints
  await collections.writer(Jobs).insert(5, 'a', { cost: 1 })
  // @ts-expect-error capacity is a queue's
  defineSet('tags', undefined, { capacity: 5 })
  // @ts-expect-error neither schema nor codec
  defineSet('tags', { parse: () => 1 })
  // @ts-expect-error a schema of another type
  defineCell<number>('limit', z.string())
  // @ts-expect-error a definition of another package
  collections.reader({ id: 'x', name: 'prices' })
  // @ts-expect-error another definition
  const wrong: Definition<MapReader<string, string>, MapWriter<string, string>> = Prices
  // @ts-expect-error the group is not written to
  await writer.group.execute({ method: 'clear', args: [] })
  // @ts-expect-error nor closed
  await writer.group.close()
  // @ts-expect-error nor is it a group
  const asGroup: Group<unknown, unknown, unknown, unknown> = writer.group
  // @ts-expect-error a duration has a unit or is a number
  await writer.clear({ timeout: 'soon' })
  // @ts-expect-error a once is never cleared
  await collections.writer(Genesis).clear()
  // @ts-expect-error a version is more than a number
  await writer.when.reaches(5)
  console.log(asWriter, wrong, asGroup)
}
