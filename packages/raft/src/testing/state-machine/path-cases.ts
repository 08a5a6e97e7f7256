import type { SnapshotItem } from '../../types.ts'
import { differenceOf } from '../machine-state.ts'
import type { History } from './history.ts'
import type { Replica } from './replica.ts'
import type { StateMachineCase } from './types.ts'

/** Snapshots that a history is compared with at a time. */
const KEPT = 4

/** Whatever way a member came to its state, it is the same. */
export const pathCases: readonly StateMachineCase[] = [
  {
    name: 'a snapshot does not change when the machine goes on',
    run: (history) => {
      const replica = history.replica()
      const kept: { readonly at: number; readonly read: () => SnapshotItem[]; readonly before: readonly SnapshotItem[] }[] = []
      for (let i = 0; i < history.commands.length; i++) {
        kept.push({ at: i, read: replica.view(i), before: replica.state(i) })
        replica.apply(i)
        for (const { at, read, before } of kept) {
          const difference = differenceOf(read(), before)
          if (difference !== undefined) history.fail(i + 1, `the snapshot taken after ${at} commands has changed: ${difference}`)
        }
        if (kept.length === KEPT) kept.splice(history.below(KEPT), 1)
      }
    },
  },
  {
    name: 'a snapshot, installed, is the machine that it was taken of',
    run: (history) => {
      for (const at of history.points()) compareInstalled(history, at, history.replica(), 'a fresh machine')
    },
  },
  {
    name: 'installing replaces everything that was there',
    run: (history) => {
      for (const at of history.points()) compareInstalled(history, at, history.replica(history.commands.length), 'a used machine')
    },
  },
  {
    name: 'the same state is the same bytes, whatever way led to it',
    run: (history) => {
      const replayed = history.replica()
      let other = history.replica()
      const hops = new Set(history.points())
      for (let i = 0; i < history.commands.length; i++) {
        if (hops.has(i)) {
          const next = history.replica()
          next.install(other.state(i), i)
          other = next
        }
        replayed.apply(i)
        other.apply(i)
        const difference = differenceOf(other.state(i + 1), replayed.state(i + 1))
        if (difference !== undefined)
          history.fail(i + 1, `a machine that began with a snapshot has another state than one that replayed: ${difference}`)
      }
    },
  },
]

/** Installs the state of `at` commands there, and goes on with both. */
function compareInstalled(history: History, at: number, target: Replica, into: string): void {
  const original = history.replica(at)
  const state = original.state(at)
  target.install(state, at)
  const difference = differenceOf(target.state(at), state)
  if (difference !== undefined) history.fail(at, `what was taken there and installed in ${into} is no longer the same: ${difference}`)
  const where = `a machine with the snapshot of ${at} commands`
  for (let i = at; i < history.commands.length; i++) {
    history.same(i + 1, 'reply', original.apply(i), target.apply(i), where)
    if (history.queries.length > 0) history.same(i + 1, 'result', original.query(i), target.query(i), where)
  }
}
