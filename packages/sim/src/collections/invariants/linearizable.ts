import { isLinearizable } from '../../groups/history/linearizable.ts'
import type { Operation } from '../../groups/history/linearizable.ts'
import type { LineageId } from '@mosaik/raft'
import type { CollectionCall } from '../actors/client.ts'
import type { Key, Value } from '../models/model.ts'
import type { CollectionPlan } from '../plan/types.ts'
import type { CollectionsSim } from '../world/collections-sim.ts'
import type { Invariant } from '../world/probe.ts'
import { textOf } from '../world/text.ts'

/** What one key holds; undefined: nothing. */
type Held = { readonly value: Value | undefined }

/** What a write does to one key; `result`: what it answers, if that tells of this key alone. */
interface Effect extends Held {
  readonly result?: Value | boolean | undefined
}

const EMPTY: Held = { value: undefined }

/** Only what clients saw counts: when they wrote, when they were answered, and what. Of a write without an answer the logs say whether it was. */
export const linearizable: Invariant = {
  name: 'linearizable',
  rule: 'within a history, writes of a key of a Map, of a Cell and of a Once take effect at one moment between call and answer (docs/consistency.md, promise 2)',
  watch: (sim, fail) => ({
    end: () => {
      const calls = new Map(sim.calls.map((call) => [call.change.id, call]))
      for (const plan of sim.plan.groups) {
        for (const lineage of sim.truths[plan.index]?.histories.keys() ?? []) {
          for (const key of keysOf(plan)) {
            const operations = operationsOf(sim, { plan, lineage, key, calls })
            if (!isLinearizable(operations, EMPTY, textOf))
              fail(`the ${operations.length} writes of ${key} in ${lineage.slice(0, 8)} have no order in which all answers are right`)
          }
        }
      }
    },
  }),
}

function keysOf({ kind, keys }: CollectionPlan): readonly Key[] {
  if (kind === 'map') return keys
  return kind === 'cell' || kind === 'once' ? ['the value'] : []
}

interface Part {
  readonly plan: CollectionPlan
  readonly lineage: LineageId
  readonly key: Key
  readonly calls: ReadonlyMap<number, CollectionCall>
}

function operationsOf(sim: CollectionsSim, { plan, lineage, key, calls }: Part): Operation<Held>[] {
  const truth = sim.truths[plan.index]
  return [...(truth?.lineOf(lineage) ?? [])].flatMap(({ change, entry }) => {
    const call = calls.get(change.id)
    if (call === undefined || !isOf(call, plan, key)) return []
    const reply = truth?.placeOf(call)?.entry === entry ? call.reply : undefined
    return [
      {
        calledAt: call.calledAt,
        endedAt: reply === undefined ? Number.POSITIVE_INFINITY : call.endedAt,
        step: (held: Held): Held | undefined => {
          const { value, ...answer } = effectOf(call, plan, key, held)
          if (reply !== undefined && 'result' in answer && reply !== textOf(answer)) return undefined
          return { value }
        },
      },
    ]
  })
}

/** Whether a write of the collection is of this key. */
function isOf({ change: { method, args } }: CollectionCall, { kind }: CollectionPlan, key: Key): boolean {
  const [first] = args
  if (kind !== 'map' || method === 'clear') return true
  if (method === 'extend') return (first as [Key][]).some(([one]) => one === key)
  return method === 'removeMany' ? (first as Key[]).includes(key) : first === key
}

function effectOf({ change: { method, args } }: CollectionCall, { kind }: CollectionPlan, key: Key, { value: held }: Held): Effect {
  const [a, b] = (kind === 'map' ? args.slice(1) : args) as [Value | undefined, Value | undefined]
  if (kind === 'once') return held === undefined ? { value: a, result: true } : { value: held, result: false }
  switch (method) {
    case 'compareExchange':
      return textOf(held) === textOf(a) ? { value: b, result: true } : { value: held, result: false }
    case 'extend':
      return { value: (args[0] as [Key, Value][]).findLast(([one]) => one === key)?.[1] }
    case 'removeMany':
      return { value: undefined }
    case 'clear':
      return kind === 'map' ? { value: undefined } : { value: undefined, result: held }
    default: // insert, write, set, and remove, which has no value
      return { value: a, result: held }
  }
}
