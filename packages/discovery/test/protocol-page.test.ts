import { readFile } from 'node:fs/promises'
import { signWith } from '@mosaik/core'
import { expect, test } from 'vitest'
import { Store } from '../src/logic/store.ts'
import { keyOf } from '../src/logic/statement.ts'
import { encodeDetails } from '../src/wire/details.ts'
import * as limits from '../src/wire/limits.ts'
import { ClockSkew, PING_PROTOCOL, SYNC_PROTOCOL } from '../src/wire/protocols.ts'
import { networkMark, signStatement } from '../src/wire/statement.ts'
import { encodeSync } from '../src/wire/sync.ts'
import { author, details, NETWORK } from './builders.ts'

const page = (await readFile(new URL('../../../docs/protocol/discovery.md', import.meta.url), 'utf8')).replaceAll(/\s+/g, ' ')
const compact = page.replaceAll(' ', '')

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('the example of the protocol page is what this package makes', () => {
  const alice = author('alice')
  const encoded = encodeDetails(details({ tags: ['a'] }))
  const parts = { peerId: alice.id, startedAt: 1_700_000_000_000, updatedAt: 1_700_000_000_001, details: encoded }
  const { head } = signStatement(parts, networkMark(NETWORK), (bytes) => signWith(alice.key, bytes))
  const store = new Store(author('nobody').id, NETWORK, { maxTimeDrift: 0, purgeAfter: 0, maxPeers: 1, maxDeparted: 1, maxBytes: 1000 })
  store.put({ head, details: encoded })
  const compare = encodeSync({ type: 'compare', now: 1_700_000_000_002, root: store.digest.root() })
  const bucket = Number.parseInt(keyOf(alice.id).slice(0, 2), 16)
  const hash = hex(store.digest.hashes().subarray(bucket * 8, bucket * 8 + 8))
  const values = [encoded.bytes, head.bytes, head.signature, compare].map(hex)
  for (const value of [...values, head.id, keyOf(alice.id), hash, store.digest.root()]) expect(compact.includes(value), value).toBe(true)
})

test('its limits, ids and codes are those of the code', () => {
  for (const text of [SYNC_PROTOCOL, PING_PROTOCOL, `${ClockSkew.code} | ${ClockSkew.name}`]) expect(page).toContain(text)
  const numbers = [
    limits.MAX_TAGS,
    limits.MAX_TICKET_BYTES,
    limits.MAX_DETAILS_BYTES,
    limits.MAX_PEERS,
    limits.MAX_PEERS + limits.MAX_DEPARTED + 1,
  ]
  for (const number of numbers) expect(page).toContain(number.toLocaleString('en').replaceAll(',', ' '))
})
