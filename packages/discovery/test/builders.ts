import { generateSecretKey, peerIdOf, secretKey, signWith, uniqueId } from '@mosaik/core'
import type { NetworkId, PeerId, SecretKey } from '@mosaik/core'
import { freezeDetails } from '../src/logic/entry.ts'
import type { Details, Statement } from '../src/logic/statement.ts'
import { encodeDetails } from '../src/wire/details.ts'
import { networkMark, signStatement } from '../src/wire/statement.ts'

export const NETWORK: NetworkId = uniqueId('net')

export interface Author {
  readonly key: SecretKey
  readonly id: PeerId
}

export function author(seed?: string): Author {
  const key = seed === undefined ? generateSecretKey() : secretKey(seed)
  return { key, id: peerIdOf(key) }
}

export function details(parts: Partial<{ addresses: string[]; tags: string[]; tickets: Details['tickets'] }> = {}): Details {
  return freezeDetails({
    addresses: parts.addresses ?? [],
    tags: (parts.tags ?? []).map(uniqueId),
    streams: [],
    groups: [],
    tickets: parts.tickets ?? [],
  })
}

interface Said {
  readonly startedAt?: number
  readonly updatedAt: number
  readonly tags?: string[]
  readonly departed?: boolean
  readonly networkId?: NetworkId
}

/** What `by` says of itself. */
export function statement(by: Author, { startedAt, updatedAt, tags, departed, networkId }: Said): Statement {
  const said = departed === true ? undefined : encodeDetails(details(tags === undefined ? {} : { tags }))
  const parts = { peerId: by.id, startedAt: startedAt ?? 0, updatedAt, details: said }
  return signStatement(parts, networkMark(networkId ?? NETWORK), (bytes) => signWith(by.key, bytes))
}
