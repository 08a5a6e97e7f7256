import { NotFoundError } from '@libp2p/interface'
import type { KadDHTComponents } from '@libp2p/kad-dht'

export type Datastore = KadDHTComponents['datastore']
type Key = Parameters<Datastore['get']>[0]

export interface RecordStoreLimits {
  /** Milliseconds that a record lives after it was last put. */
  readonly validity: number
  /** Records in all; the one put longest ago makes room. */
  readonly records: number
  /** Records under one last segment of the key: of one provider. Its own oldest makes room. */
  readonly perProvider: number
  /** Bytes of one value; a larger one is refused. */
  readonly valueBytes: number
}

interface Entry {
  readonly key: Key
  readonly provider: string
  readonly value: Uint8Array
  readonly expires: number
}

/**
 * Where a table keeps what others ask it to remember: in memory, bounded in every direction, and forgetful. kad-dht's
 * own rule forgets after days and checks once an hour; here nothing is answered past its validity.
 */
export function createRecordStore(limits: RecordStoreLimits, now: () => number): Datastore {
  const entries = new Map<string, Entry>()
  const byProvider = new Map<string, Set<string>>()

  const remove = (name: string): void => {
    const entry = entries.get(name)
    if (entry === undefined) return
    entries.delete(name)
    const names = byProvider.get(entry.provider)
    names?.delete(name)
    if (names?.size === 0) byProvider.delete(entry.provider)
  }
  const oldest = (names: Iterable<string>): void => {
    for (const name of names) return remove(name)
  }
  const live = (name: string): Entry | undefined => {
    const entry = entries.get(name)
    if (entry === undefined || entry.expires > now()) return entry
    remove(name)
    return undefined
  }

  const put = (key: Key, value: Uint8Array): Key => {
    if (value.byteLength > limits.valueBytes) throw new RangeError(`a record holds at most ${limits.valueBytes} bytes`)
    const name = key.toString()
    const provider = name.slice(name.lastIndexOf('/') + 1)
    remove(name)
    const names = byProvider.get(provider) ?? new Set<string>()
    if (names.size >= limits.perProvider) oldest(names)
    if (entries.size >= limits.records) oldest(entries.keys())
    entries.set(name, { key, provider, value, expires: now() + limits.validity })
    byProvider.set(provider, names.add(name))
    return key
  }
  const get = (key: Key): Uint8Array => {
    const entry = live(key.toString())
    if (entry === undefined) throw new NotFoundError(`no record under ${key}`)
    return entry.value
  }
  async function* query({ prefix = '' }: { prefix?: string }): AsyncGenerator<{ key: Key; value: Uint8Array }> {
    for (const name of [...entries.keys()]) {
      const entry = name.startsWith(prefix) ? live(name) : undefined
      if (entry !== undefined) yield { key: entry.key, value: entry.value }
    }
  }

  // The few methods that kad-dht calls; batches and streams of keys are none of them.
  return {
    put: async (key: Key, value: Uint8Array) => put(key, value),
    get: async (key: Key) => get(key),
    has: async (key: Key) => live(key.toString()) !== undefined,
    delete: async (key: Key) => remove(key.toString()),
    query,
  } as unknown as Datastore
}
