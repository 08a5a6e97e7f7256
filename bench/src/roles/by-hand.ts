import type { KeyedStateMachine } from '@mosaik/raft'
import { canonical, decodeCanonical } from '@mosaik/core'
import { createTree, treeReceiver, treeSource } from '../../../packages/collections/src/logic/tree.ts'
import type { Entry } from './entries.ts'

/**
 * What a Map does, written down for text alone on a bare group, in the same tree: what a replicated Map costs without a layer that is one
 * for all types and kinds. Its commands are lists of entries; it replies what was there before the last of them.
 */
export function byHand(): KeyedStateMachine<readonly Entry[], null, null, string | undefined> {
  let tree = createTree<string>()
  return {
    name: 'bench.by-hand',
    apply: (entries) => {
      let previous: string | undefined
      for (const [key, value] of entries) {
        previous = tree.get(key)
        tree.set(key, value)
      }
      return previous
    },
    query: () => null,
    source: () => treeSource(tree, canonical),
    receiver: () =>
      treeReceiver<string>(
        (aside, key, bytes) => void aside.set(key, decodeCanonical(bytes) as string),
        (aside) => void (tree = aside),
      ),
  }
}
