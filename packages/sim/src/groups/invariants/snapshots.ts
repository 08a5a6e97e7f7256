import type { LineageId } from '@mosaik/raft'
import type { RegistersState } from '../actors/register.ts'
import type { MemberRun } from '../world/member.ts'
import type { Invariant } from '../world/register-probe.ts'
import type { Truth } from '../world/truth.ts'

export const snapshots: Invariant = {
  name: 'snapshots-are-the-state',
  rule: 'a snapshot is the state right after its index, the same on every member (docs/protocol/groups.md, snapshots)',
  watch: (_sim, fail) => {
    const roots = new Map<string, string>()
    /** The newest states that a member has taken: of one of them it keeps a snapshot. */
    const taken = new WeakMap<MemberRun, RegistersState[]>()
    /** Fetched from others, and not in the store yet. */
    const installed = new WeakMap<MemberRun, RegistersState>()
    return {
      onTaken: (run, state) => void taken.set(run, [...(taken.get(run) ?? []).slice(-7), state]),
      onSnapshot: (run, { lineage, index, root }) => {
        const key = `${run.plan.index} ${run.truth.ownerOf(lineage.id, index)} ${index}`
        const known = roots.get(key)
        if (known !== undefined && known !== root) fail(`${run.name} keeps a snapshot of ${index} with another root than others`)
        roots.set(key, root)
        // what was fetched, or one of its own that it was about to keep before that
        const state = installed.get(run)
        const choices = [...(taken.get(run) ?? []), ...(state === undefined ? [] : [state])]
        const problems = choices.map((one) => problemOf(run.truth, lineage.id, index, one))
        if (state !== undefined && problems.at(-1) === undefined) installed.delete(run)
        if (problems.length > 0 && !problems.includes(undefined)) fail(`${run.name} keeps a snapshot of ${index}: ${problems.at(-1)}`)
      },
      onInstall: (run, state) => {
        const { snapshot } = run.asked
        if (run.lineage === undefined) return // it begins anew
        // what was fetched is installed first, and then kept
        if (snapshot === undefined || problemOf(run.truth, snapshot.lineage.id, snapshot.index, state) !== undefined)
          installed.set(run, state)
      },
    }
  },
}

/** Those who took it had applied everything before. */
function problemOf(truth: Truth, lineage: LineageId, index: number, state: RegistersState): string | undefined {
  const last = [...truth.lineOf(lineage, index)].at(-1)
  if (last === undefined) return state.index === 0 ? undefined : 'it has changes, where there had been none'
  if (last.entry.index === state.index && last.offset === state.offset && last.chain === state.chain) return undefined
  return `it is the state after ${state.index}.${state.offset}, not after ${last.entry.index}.${last.offset}`
}
