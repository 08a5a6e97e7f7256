import sorted from 'sorted-btree'

/** A clone costs nothing: what is changed later is copied then. */
export type Tree<K, V> = sorted.default<K, V>

/** It is published as CommonJS: Node hands out all exports as the default one, some bundlers and test runners the default of them. */
const { default: BTree = sorted as unknown as typeof sorted.default } = sorted as Partial<typeof sorted>
const NODE_SIZE = 64

export function createTree<K, V>(compare: (a: K, b: K) => number): Tree<K, V> {
  return new BTree<K, V>(undefined, compare, NODE_SIZE)
}
