import type { ConsensusOptions } from '@mosaik/raft'
import type { MembershipPlan } from '../plan/types.ts'

export function consensusOf({ maxVoters, minMembers, memberGrace, recoveryTimeout }: MembershipPlan): ConsensusOptions {
  return {
    preset: 'fast',
    maxVoters,
    minMembers,
    ...(memberGrace !== undefined && { memberGrace }),
    ...(recoveryTimeout !== undefined && { recoveryTimeout }),
  }
}
