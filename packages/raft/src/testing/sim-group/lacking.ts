import { voterTarget } from '../../logic/membership.ts'
import type { Place } from './member.ts'
import type { SimMachine } from './types.ts'

const DEFAULT_MAX_VOTERS = 5

/** Who of these leads all of these. */
export function commonLeader<M extends SimMachine>(members: readonly Place<M>[]): Place<M> | undefined {
  const leader = members.find(({ group }) => group.isLeader)
  return leader !== undefined && members.every(({ group }) => group.leader === leader.id) ? leader : undefined
}

/** What these lack to be settled, in words; nothing when they are. */
export function lacking<M extends SimMachine>(members: readonly Place<M>[], voters: number = votersOf(members)): string[] {
  if (members.length === 0) return ['nobody is running']
  const leader = commonLeader(members)
  if (leader === undefined) return withoutLeader(members)
  const { group } = leader
  const standings = new Map(group.members.value.map(({ peerId, standing }) => [peerId, standing]))
  const lacks: string[] = []
  const votes = [...standings.values()].filter((standing) => standing === 'voter').length
  if (votes !== voters) lacks.push(`${votes} have a vote instead of ${voters}`)
  // Before that, entries of earlier terms may be in its log that count as committed only then.
  if (group.position.value.term !== group.term) lacks.push(`${leader.name} has applied nothing of its term ${group.term}`)
  for (const member of members) {
    const { lineage, position, committed } = member.group
    if (lineage !== group.lineage) lacks.push(`${member.name} is in another history than its leader ${leader.name}`)
    else if (!standings.has(member.id)) lacks.push(`${member.name} is not a member for its leader ${leader.name}`)
    const [has, all] = [position.value.index, Math.max(group.committed.value, committed.value)]
    if (has !== all) lacks.push(`${member.name} has applied ${has} of ${all}`)
  }
  return lacks
}

function withoutLeader<M extends SimMachine>(members: readonly Place<M>[]): string[] {
  const names = new Map(members.map(({ id, name }) => [id, name]))
  return members.map(({ name, group }) => {
    const leader = group.leader === undefined ? 'nobody' : (names.get(group.leader) ?? 'somebody else')
    const bonds = group.bonds.value.map(({ peerId }) => names.get(peerId) ?? 'somebody else')
    const bonded = bonds.length === 0 ? 'is bonded with nobody' : `is bonded with ${bonds.join(', ')}`
    return group.isLeader ? `${name} leads in term ${group.term}, ${bonded}` : `${name} follows ${leader}, ${bonded}`
  })
}

/** How many of these will have a vote when all is well. */
function votersOf<M extends SimMachine>(members: readonly Place<M>[]): number {
  const consensus = members[0]?.options.consensus
  const maxVoters = (typeof consensus === 'object' ? consensus.maxVoters : undefined) ?? DEFAULT_MAX_VOTERS
  return voterTarget(members.filter(({ options }) => options.preference !== 'observer').length, maxVoters)
}
