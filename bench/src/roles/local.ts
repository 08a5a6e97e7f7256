import { createNetwork, defineMap, uniqueId } from '@mosaik/node'
import type { ApplyContext, NetworkId, GroupId } from '@mosaik/node'
import { Map as ImmutableMap } from 'immutable'
import { mapMachine } from '../../../packages/collections/src/machines/index.ts'
import { collectGarbage } from './garbage.ts'
import { keyOf, scattered } from './entries.ts'
import { tell, threadCpuSeconds } from './role.ts'

export type LocalName = 'collection' | 'immutable' | 'plain'

export interface LocalOptions {
  readonly what: LocalName
  readonly keys: 'text' | 'number'
  readonly entries: number
}

/** CPU nanoseconds of one call each, and the bytes of an entry. */
export interface Local {
  readonly insert: number
  readonly replace: number
  readonly get: number
  readonly bytes: number
}

type Key = string | number

/** A map that can be written to. */
interface Writable {
  set(key: Key, value: number): void
  get(key: Key): number | undefined
}

const BATCH = 10_000

/** Fills a map with entries in no order, and reads them in another one. Nobody else is there. */
export async function run({ what, keys, entries }: LocalOptions): Promise<void> {
  const ofNumber = keys === 'text' ? flatText : (n: number): Key => n
  const inNoOrder = (): Key[] => Array.from({ length: entries }, (_, n) => ofNumber(scattered(n, entries)))
  const put = (map: Writable, all: readonly Key[]): number => timed(all, (key, n) => map.set(key, n))
  const empty = heapAfterCollection()
  const written = maps[what]()
  const insert = put(written, inNoOrder())
  const bytes = (heapAfterCollection() - empty) / entries
  const replace = put(written, inNoOrder())
  const read = what === 'collection' ? await replica(inNoOrder()) : written
  const wanted = inNoOrder().toReversed()
  let found = 0
  const look = (key: Key): void => {
    if (read.get(key) !== undefined) found += 1
  }
  timed(wanted, look)
  const get = timed(wanted, look)
  if (found !== 2 * entries) throw new Error(`${what} has lost ${2 * entries - found} entries`)
  tell({ type: 'measured', insert, replace, get, bytes })
}

/** A text as it comes from bytes: putting it together is not what is measured. */
const flatText = (n: number): string => Buffer.from(keyOf(n), 'latin1').toString('latin1')

const maps: Readonly<Record<LocalName, () => Writable>> = {
  collection: machine,
  immutable: () => {
    let map = ImmutableMap<Key, number>()
    return { set: (key, value) => void (map = map.set(key, value)), get: (key) => map.get(key) }
  },
  plain: () => {
    const map = new Map<Key, number>()
    return { set: (key, value) => void map.set(key, value), get: (key) => map.get(key) }
  },
}

/** What each member does with a command, without what brings it. */
function machine(): Writable {
  const { apply, state } = mapMachine<Key, number>({ id: uniqueId('bench') })
  const context: ApplyContext = { index: 1, offset: 0, term: 1, groupId: uniqueId('g') as GroupId, networkId: uniqueId('n') as NetworkId }
  return { set: (key, value) => void apply({ method: 'insert', args: [key, value] }, context), get: (key) => state.get(key) }
}

/** The handle of a node that is alone. */
async function replica(keys: readonly Key[]): Promise<Pick<Writable, 'get'>> {
  const network = await createNetwork('bench', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] })
  const map = network.collections.writer(defineMap<Key, number>('bench', undefined, { consensus: 'fast' }))
  for (let from = 0; from < keys.length; from += BATCH) await map.extend(keys.slice(from, from + BATCH).map((key) => [key, from]))
  return map
}

/** CPU time of the thread for each of them, nanoseconds: nobody is waited for, so it is as long as that where nobody else is busy. */
function timed(keys: readonly Key[], work: (key: Key, n: number) => void): number {
  const begun = threadCpuSeconds()
  for (let n = 0; n < keys.length; n += 1) work(keys[n] as Key, n)
  return ((threadCpuSeconds() - begun) / keys.length) * 1e9
}

function heapAfterCollection(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
