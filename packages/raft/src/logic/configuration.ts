import type { PeerId } from '@mosaik/core'
import type { MemberId } from './types.ts'

/** A voter as the configuration names it. */
export interface Voter extends MemberId {
  /** Its log outlives its process, so that it may come back. */
  readonly durable: boolean
}

/** Who votes. Only ever changed by one voter at a time. */
export interface Configuration {
  readonly voters: readonly Voter[]
}

export const NOBODY: Configuration = { voters: [] }

export function voterOf(configuration: Configuration, peerId: PeerId): Voter | undefined {
  for (const voter of configuration.voters) if (voter.peerId === peerId) return voter
  return undefined
}

/** Whether this very life of the peer has a vote. */
export function isVoter(configuration: Configuration, member: MemberId): boolean {
  return voterOf(configuration, member.peerId)?.incarnation === member.incarnation
}

/** How many make a majority. */
export function majorityOf(configuration: Configuration): number {
  return Math.floor(configuration.voters.length / 2) + 1
}

export function withVoter(configuration: Configuration, voter: Voter): Configuration {
  const voters = [...configuration.voters, voter]
  return { voters: voters.sort((a, b) => (a.peerId < b.peerId ? -1 : 1)) }
}

export function withoutVoter(configuration: Configuration, peerId: PeerId): Configuration {
  return { voters: configuration.voters.filter((voter) => voter.peerId !== peerId) }
}

export function sameMember(a: MemberId | undefined, b: MemberId | undefined): boolean {
  return a?.peerId === b?.peerId && a?.incarnation === b?.incarnation
}
