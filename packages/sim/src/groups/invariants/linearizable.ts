import { changed, EMPTY } from '../actors/register.ts'
import type { Register } from '../actors/register.ts'
import { isLinearizable } from '../history/linearizable.ts'
import type { Operation } from '../history/linearizable.ts'
import type { RegisterCall } from '../history/record.ts'
import type { Invariant } from '../world/register-probe.ts'
import type { GroupsSim } from '../world/groups-sim.ts'
import type { History, Truth } from '../world/truth.ts'

/**
 * Only what clients saw counts here: when they asked, when they were answered, and what. A history has the commands of those that it goes
 * on from, up to the fork, and the queries that were answered by its own members.
 */
export const linearizable: Invariant = {
  name: 'linearizable',
  rule: 'within a history, commands and strong queries of a key take effect at one moment between question and answer (docs/consistency.md, promises 2 and 3)',
  watch: (sim, fail) => ({
    end: () => {
      const calls = new Map(sim.calls.map((call) => [call.change.id, call]))
      sim.plan.groups.forEach(({ keys }, group) => {
        const truth = sim.truths[group] as Truth
        for (const history of truth.histories.values()) {
          for (let key = 0; key < keys; key++) {
            const operations = operationsOf(sim, { truth, history, key, calls })
            if (!isLinearizable(operations, EMPTY, ({ value, count }) => `${value} ${count}`))
              fail(
                `the ${operations.length} operations of key ${key} in history ${history.id.slice(0, 8)} have no order in which all answers are right`,
              )
          }
        }
      })
    },
  }),
}

interface Part {
  readonly truth: Truth
  readonly history: History
  readonly key: number
  readonly calls: ReadonlyMap<number, RegisterCall>
}

function operationsOf(sim: GroupsSim, { truth, history, key, calls }: Part): Operation<Register>[] {
  const operations: Operation<Register>[] = []
  for (const { change, entry } of truth.lineOf(history.id)) {
    const call = calls.get(change.id)
    if (call?.change.key !== key) continue
    const reply = call.kind !== 'feed' && truth.placeOf(call)?.entry === entry ? call.reply : undefined
    // A fed command has only been appended when its caller hears of it.
    const endedAt = reply === undefined ? Number.POSITIVE_INFINITY : call.endedAt
    operations.push({
      calledAt: call.calledAt,
      endedAt,
      step: (before) => {
        const { value, count, ok } = changed(before, call.change)
        return reply === undefined || (reply.value === value && reply.count === count && reply.ok === ok) ? { value, count } : undefined
      },
    })
  }
  for (const { run, key: read, isStrong, lineage, seen, calledAt, endedAt } of sim.readings) {
    if (!isStrong || read !== key || lineage !== history.id || run.truth !== truth) continue
    operations.push({ calledAt, endedAt, step: (state) => (state.value === seen.value && state.count === seen.count ? state : undefined) })
  }
  return operations
}
