import { isKeyed } from '../../driver/machine-host.ts'
import type { SnapshotSource } from '../../types.ts'
import { differenceOf } from '../machine-state.ts'
import type { History } from './history.ts'
import type { Replica } from './replica.ts'
import type { StateMachineCase } from './types.ts'

/** States that are offered as items. */
export const itemCases: readonly StateMachineCase[] = [
  {
    name: 'items come in the order of their keys, as many as are counted',
    needs: 'items',
    run: (history) =>
      everywhere(history, (replica, after) => {
        const source = sourceOf(replica)
        const items = replica.do(after, 'reading the items', () => [...source.items()])
        if (source.count !== items.length) history.fail(after, `there are ${items.length} items, and count says ${source.count}`)
        for (let i = 1; i < items.length; i++) {
          if (Buffer.compare(items[i - 1]?.[0] as Uint8Array, items[i]?.[0] as Uint8Array) >= 0) {
            history.fail(after, `the key of item ${i} is not above that of item ${i - 1}`)
          }
        }
      }),
  },
  {
    name: 'items are found from any key on',
    needs: 'items',
    run: (history) =>
      everywhere(history, (replica, after) => {
        const source = sourceOf(replica)
        const all = replica.state(after)
        const keys = [
          ...all.map(([key]) => key),
          ...all.map(([key]) => Uint8Array.of(...key, 0)),
          Uint8Array.of(history.below(256)),
          new Uint8Array(),
        ]
        const from = keys[history.below(keys.length)] as Uint8Array
        const found = replica.do(after, 'reading items', () => [...source.items(from)])
        const difference = differenceOf(found, all.filter(([key]) => Buffer.compare(key, from) >= 0)) // prettier-ignore
        if (difference !== undefined) history.fail(after, `from the key ${Buffer.from(from).toString('hex')} on: ${difference}`)
      }),
  },
  {
    name: 'nothing of a state is seen before it has been received whole',
    needs: 'items',
    run: (history) => {
      for (const at of history.points()) {
        const state = history.replica(at).state(at)
        const replica = history.replica(history.below(history.commands.length))
        const before = replica.state(at)
        const look = (): void => {
          const difference = differenceOf(replica.state(at), before)
          if (difference !== undefined) history.fail(at, `a state that was not committed yet shows: ${difference}`)
        }
        replica.install(state, at, look)
        const difference = differenceOf(replica.state(at), state)
        if (difference !== undefined) history.fail(at, `a state that was committed is not there: ${difference}`)
      }
    },
  },
]

function everywhere(history: History, look: (replica: Replica, after: number) => void): void {
  const replica = history.replica()
  look(replica, 0)
  for (let i = 0; i < history.commands.length; i++) {
    replica.apply(i)
    look(replica, i + 1)
  }
}

function sourceOf({ machine }: Replica): SnapshotSource {
  if (isKeyed(machine)) return machine.source()
  throw new TypeError(`${machine.name} offers no items`)
}
