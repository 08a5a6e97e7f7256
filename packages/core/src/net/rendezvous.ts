import type { UniqueId } from '../id/types.ts'
import type { WaitOptions } from '../async/watch.ts'

/** Which table to meet in. */
export type RendezvousTable =
  | { readonly kind: 'private'; readonly bootstrap: readonly string[]; readonly serve: boolean }
  | { readonly kind: 'public' }

/** Ways to find first peers without knowing one. Whatever it answers is a hint; identity is proven by connecting. */
export interface Rendezvous {
  /**
   * Joins a distributed table (once per kind). Returns at once; the table connects in the background and keeps trying.
   * Rejects with `ERR_INVALID_OPTION` where a bootstrap address is malformed.
   */
  join(table: RendezvousTable): Promise<RendezvousSession>
  /** Calls `found` with dialable addresses whenever the local network shows a peer of this network (mDNS). Returns what stops it. */
  onLocalPeer(found: (addresses: readonly string[]) => void): () => void
}

export interface RendezvousSession {
  /** Publishes that this node can be met under `key`. Records expire; call it again every `interval`. */
  provide(key: UniqueId, options?: WaitOptions): Promise<void>
  /** Who can be met under `key`: lists of dialable addresses, self excluded, as they are found. */
  find(key: UniqueId, options?: WaitOptions): AsyncIterable<readonly string[]>
  close(): Promise<void>
}
