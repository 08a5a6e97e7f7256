const BUCKETS = 256

/**
 * An immutable map from peer ids: a new version costs what has changed, not what is in it. Iterates in an order of
 * its own, the same for the same keys.
 */
export class PersistentMap<K extends string, V> {
  readonly size: number
  readonly #buckets: readonly (ReadonlyMap<K, V> | undefined)[]

  private constructor(buckets: readonly (ReadonlyMap<K, V> | undefined)[], size: number) {
    this.#buckets = buckets
    this.size = size
  }

  static empty<K extends string, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>(new Array<undefined>(BUCKETS).fill(undefined), 0)
  }

  get(key: K): V | undefined {
    return this.#buckets[bucketOf(key)]?.get(key)
  }

  /** This map with these changes; undefined removes. */
  with(changes: Iterable<readonly [K, V | undefined]>): PersistentMap<K, V> {
    const buckets = [...this.#buckets]
    const copied = new Map<number, Map<K, V>>()
    let size = this.size
    for (const [key, value] of changes) {
      const at = bucketOf(key)
      let bucket = copied.get(at)
      if (bucket === undefined) {
        bucket = new Map(buckets[at])
        copied.set(at, bucket)
        buckets[at] = bucket
      }
      size -= bucket.size
      if (value === undefined) bucket.delete(key)
      else bucket.set(key, value)
      size += bucket.size
    }
    return new PersistentMap(buckets, size)
  }

  *values(): Generator<V, void, undefined> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket.values()
  }
}

/** Peer ids are hashes of a kind in base58: their last characters spread well enough. */
function bucketOf(key: string): number {
  const { length } = key
  return (key.charCodeAt(length - 1) * 59 + key.charCodeAt(length - 2) * 7 + key.charCodeAt(length - 3)) & (BUCKETS - 1)
}
