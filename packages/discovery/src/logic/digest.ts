import { deriveId, toBytes } from '@mosaik/core'
import type { UniqueId } from '@mosaik/core'

/** Keys are spread over this many buckets by their first byte. */
export const BUCKETS = 256
/** Bytes of one bucket's hash. */
export const BUCKET_HASH_BYTES = 8

/**
 * What a catalog holds, in two sizes: one root hash (equal catalogs need no more), and a hash per bucket that says
 * where two catalogs differ. Hashes are made when asked for, and only for buckets that changed.
 */
export interface CatalogDigest {
  /** The statement `id` now stands under `key`. */
  set(key: string, id: UniqueId): void
  delete(key: string): void
  /** `BUCKETS` hashes of `BUCKET_HASH_BYTES` each; zeros for an empty bucket. Not to be changed. */
  hashes(): Uint8Array
  root(): UniqueId
  /** Keys in a bucket. */
  keysIn(bucket: number): Iterable<string>
}

export function createDigest(): CatalogDigest {
  return new BucketDigest()
}

class BucketDigest implements CatalogDigest {
  readonly #buckets: Map<string, UniqueId>[] = Array.from({ length: BUCKETS }, () => new Map<string, UniqueId>())
  readonly #changed = new Set<number>()
  #hashes: Uint8Array = new Uint8Array(BUCKETS * BUCKET_HASH_BYTES)
  #root: UniqueId | undefined

  set(key: string, id: UniqueId): void {
    const bucket = bucketOf(key)
    this.#bucket(bucket).set(key, id)
    this.#touch(bucket)
  }

  delete(key: string): void {
    const bucket = bucketOf(key)
    if (this.#bucket(bucket).delete(key)) this.#touch(bucket)
  }

  hashes(): Uint8Array {
    if (this.#changed.size > 0) {
      this.#hashes = this.#hashes.slice()
      for (const bucket of this.#changed) this.#hashes.set(hashBucket(this.#bucket(bucket)), bucket * BUCKET_HASH_BYTES)
      this.#changed.clear()
    }
    return this.#hashes
  }

  root(): UniqueId {
    this.#root ??= deriveId('mosaik/discovery/catalog/1', this.hashes())
    return this.#root
  }

  keysIn(bucket: number): Iterable<string> {
    return this.#bucket(bucket).keys()
  }

  #bucket(bucket: number): Map<string, UniqueId> {
    return this.#buckets[bucket] as Map<string, UniqueId>
  }

  #touch(bucket: number): void {
    this.#changed.add(bucket)
    this.#root = undefined
  }
}

export function bucketOf(key: string): number {
  return Number.parseInt(key.slice(0, 2), 16)
}

/** The buckets in which two lists of hashes differ. */
export function differingBuckets(a: Uint8Array, b: Uint8Array): number[] {
  const differing: number[] = []
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const at = bucket * BUCKET_HASH_BYTES
    for (let i = at; i < at + BUCKET_HASH_BYTES; i++) {
      if (a[i] === b[i]) continue
      differing.push(bucket)
      break
    }
  }
  return differing
}

/** The first bytes of the hash of all statement ids, in ascending order of their keys. */
function hashBucket(bucket: ReadonlyMap<string, UniqueId>): Uint8Array {
  if (bucket.size === 0) return new Uint8Array(BUCKET_HASH_BYTES)
  const keys = [...bucket.keys()].sort()
  const ids = new Uint8Array(keys.length * 32)
  for (const [i, key] of keys.entries()) ids.set(toBytes(bucket.get(key) as UniqueId), i * 32)
  return toBytes(deriveId('mosaik/discovery/bucket/1', ids)).subarray(0, BUCKET_HASH_BYTES)
}
