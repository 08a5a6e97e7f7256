import sorted from 'sorted-btree'
import type { SnapshotItem, SnapshotReceiver, SnapshotSource } from '@mosaik/raft'
import { bytesOfKeyText, keyTextOfBytes } from './key.ts'

/** Ordered by the texts of keys. A clone costs nothing: what is changed later is copied then. */
export type Tree<V> = sorted.default<string, V>

/** It is published as CommonJS: Node hands out all exports as the default one, some bundlers and test runners the default of them. */
const { default: BTree = sorted as unknown as typeof sorted.default } = sorted as Partial<typeof sorted>
const NODE_SIZE = 64

export function createTree<V>(): Tree<V> {
  return new BTree<string, V>(undefined, byBytes, NODE_SIZE)
}

function byBytes(a: string, b: string): number {
  if (a < b) return -1
  return a === b ? 0 : 1
}

/** The items of a tree as it is now. */
export function treeSource<V>(tree: Tree<V>, encode: (value: V) => Uint8Array): SnapshotSource {
  const now = tree.clone()
  return { count: now.size, items: (from) => itemsOf(now, encode, from) }
}

function* itemsOf<V>(
  tree: Tree<V>,
  encode: (value: V) => Uint8Array,
  from: Uint8Array | undefined,
): Generator<SnapshotItem, void, undefined> {
  const first = from === undefined || from.length === 0 ? undefined : keyTextOfBytes(from)
  for (const [text, value] of tree.entries(first)) yield [bytesOfKeyText(text), encode(value)]
}

/** Builds a tree aside. `put` adds one item to it, and throws for one that is none: it is left out, as such a write is refused. */
export function treeReceiver<V>(
  put: (tree: Tree<V>, text: string, bytes: Uint8Array) => void,
  replace: (tree: Tree<V>, dropped: number) => void,
): SnapshotReceiver {
  const aside = createTree<V>()
  let dropped = 0
  return {
    add: (items) => {
      for (const [key, bytes] of items) {
        try {
          put(aside, keyTextOfBytes(key), bytes)
        } catch {
          dropped++
        }
      }
    },
    commit: () => replace(aside, dropped),
  }
}
