import type { MemberRun } from '../world/member.ts'
import type { MembersSim } from '../world/sim.ts'

/** Something that must come to hold once everything has healed. */
export interface Goal {
  readonly name: string
  readonly rule: string
  /** What is in the way; undefined when it holds. */
  missing(sim: MembersSim): string | undefined
}

const forEachGroup = (sim: MembersSim, missing: (runs: readonly MemberRun[]) => string | undefined): string | undefined => {
  for (const { index } of sim.plan.groups) {
    const problem = missing(sim.runsOf(index))
    if (problem !== undefined) return problem
  }
  return undefined
}

export const bondsUp: Goal = {
  name: 'bonds-come-back',
  rule: 'members that can reach each other are bonded, observers with everyone but observers (docs/consistency.md, members)',
  missing: (sim) =>
    forEachGroup(sim, (runs) => {
      for (const a of runs) {
        const bonded = new Set(a.group.bonds.value.map(({ peerId }) => peerId))
        const lacking = runs.find((b) => b !== a && !(isObserver(a) && isObserver(b)) && !bonded.has(b.life.peerId))
        if (lacking !== undefined) return `${a.name} has no bond with ${lacking.life.name}`
      }
      return undefined
    }),
}

export const oneHistory: Goal = {
  name: 'one-leader-again',
  rule: 'who can reach each other follow one leader in one history (docs/consistency.md, lineages)',
  missing: (sim) =>
    forEachGroup(sim, (runs) => {
      const leader = runs.find(({ group }) => group.isLeader)
      if (leader === undefined) return `nobody leads: ${runs.map((run) => inWords(sim, run)).join('; ')}`
      const other = runs.find(({ group }) => group.leader !== leader.life.peerId || group.lineage !== leader.group.lineage)
      return other === undefined ? undefined : `${leader.name} leads, and ${inWords(sim, other)}`
    }),
}

export const sameEverywhere: Goal = {
  name: 'everyone-catches-up',
  rule: 'every member applies everything that is committed (docs/consistency.md, promise 1)',
  missing: (sim) =>
    forEachGroup(sim, (runs) => {
      const last = Math.max(...runs.map(({ group }) => group.committed.value))
      const behind = runs.find(({ group }) => group.position.value.index !== last)
      if (behind !== undefined) return `${behind.name} is at ${behind.group.position.value.index} of ${last}`
      const [first, ...others] = runs
      const different = others.find(({ digest }) => digest !== first?.digest)
      return different === undefined ? undefined : `${different.name} has another state than ${first?.name}`
    }),
}

export const rightVoters: Goal = {
  name: 'votes-are-given',
  rule: 'who is there has a vote, up to `maxVoters` and an odd number from three on; who is gone has none (docs/consistency.md, members)',
  missing: (sim) =>
    forEachGroup(sim, (runs) => {
      const eligible = runs.filter((run) => !isObserver(run)).length
      const most = Math.min(eligible, runs[0]?.plan.maxVoters ?? 0)
      const wanted = most > 2 && most % 2 === 0 ? most - 1 : most
      const leader = runs.find(({ group }) => group.isLeader)
      const voters = leader?.group.members.value.filter(({ standing }) => standing === 'voter') ?? []
      const absent = voters.find(({ peerId }) => !runs.some(({ life }) => life.peerId === peerId))
      if (absent !== undefined) return `${sim.nameOf(absent.peerId)}, which is gone, has a vote`
      return voters.length === wanted ? undefined : `${voters.length} have a vote, and ${wanted} should`
    }),
}

function isObserver({ life }: MemberRun): boolean {
  return life.machine.plan.preference === 'observer'
}

function inWords(sim: MembersSim, { name, group }: MemberRun): string {
  const role = group.isLeader ? 'leads' : `follows ${sim.nameOf(group.leader)}`
  return `${name} ${role} in ${group.lineage?.slice(0, 8)}, term ${group.term}, committed ${group.committed.value}, bonds ${group.bonds.value
    .map(({ peerId }) => sim.nameOf(peerId))
    .join(' ')}`
}
