import { defineMap, defineVec } from '@mosaik/node'
import type { ConsensusOptions, Definition, MapReader, MapWriter, PeerId, VecReader, VecWriter } from '@mosaik/node'

/** The history that late joiners see. */
export const KEPT_MESSAGES = 1_000

export interface Message {
  /** The same wherever and however often it is said. */
  readonly id: string
  readonly from: PeerId
  readonly name: string
  readonly text: string
  /** By the clock of who said it, ms since the epoch. */
  readonly at: number
}

/** Others may run another program. */
export function isMessage(value: unknown): value is Message {
  const { id, from, name, text, at } = (value ?? {}) as Partial<Record<keyof Message, unknown>>
  return [id, from, name, text].every((part) => typeof part === 'string') && typeof at === 'number'
}

/** Who is listed, without what another program may have put beside them. */
export function listed(people: People): ReadonlyMap<PeerId, string> {
  return new Map(Array.from(people.snapshot()).filter((entry) => entry.every((part: unknown) => typeof part === 'string')))
}

export type People = MapWriter<PeerId, string>
export type Messages = VecWriter<Message>

export interface Definitions {
  readonly people: Definition<MapReader<PeerId, string>, People>
  readonly messages: Definition<VecReader<Message>, Messages>
}

/** Who is silent is missed after 2 s; where that leaves no majority, the others go on 5 s later. */
const CONSENSUS: ConsensusOptions = {
  preset: 'fast',
  heartbeatInterval: 200,
  electionTimeout: '1s',
  electionJitter: 250,
  bootstrapDelay: '2s',
  memberGrace: '5s',
  recoveryTimeout: '5s',
}

/** Only who knows the room's name finds it. */
export function definitionsOf(room: string): Definitions {
  const options = { version: 1, secret: `mosaik-chat/${room}`, consensus: CONSENSUS }
  return {
    people: defineMap<PeerId, string>('chat.people', undefined, options),
    messages: defineVec<Message>('chat.messages', undefined, options),
  }
}
