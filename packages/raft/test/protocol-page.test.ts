import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { GroupCloseReasons, PROTOCOL } from '../src/bond/wire/protocol.ts'
import { groupHint, groupIdOf } from '../src/group-id.ts'
import { groupKey } from '../src/group-key.ts'
import type { CommandsData } from '../src/logic/entry.ts'
import { hashAfter } from '../src/logic/hash.ts'
import type { LineageId } from '../src/logic/types.ts'
import { encodeEntryData } from '../src/wire/entry-codec.ts'
import { encodeMessage } from '../src/wire/message-codec.ts'

const docs = new URL('../../../docs/', import.meta.url)
const page = readFileSync(new URL('protocol/groups.md', docs), 'utf8')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('what the protocol page shows', () => {
  const key = groupKey('a secret that the members share')

  it('are the ids and the hint of a group', () => {
    expect(page).toContain(`\`${groupIdOf({ key, machine: { name: 'counter' } })}\``)
    const fast = groupIdOf({ key, machine: { name: 'counter', version: 2 }, consensus: { preset: 'fast', electionTimeout: '1s' } })
    expect(page).toContain(`\`${fast}\``)
    expect(page).toContain(`\`${hex(groupHint(key))}\``)
  })

  it('are the bytes of a message and of an entry, and the hash of a log', () => {
    const envelope = { term: 3, incarnation: '0011223344556677' }
    const departure = encodeMessage({ type: 'departure', lineage: undefined, ...envelope, isLeaving: true })
    expect(page.replaceAll(' ', '')).toContain(hex(departure))
    const answer = encodeMessage({ type: 'append-answer', lineage: 'ab'.repeat(32) as LineageId, ...envelope, index: 7, hint: undefined })
    expect(page.replaceAll(' ', '').replace('abab…ab(32)', 'ab'.repeat(32))).toContain(hex(answer))
    const data: CommandsData = {
      kind: 'commands',
      session: '00112233aabbccdd.1',
      number: 1,
      lowWater: 1,
      payloads: [Uint8Array.of(2), Uint8Array.of(3)],
    }
    const shown = page.replaceAll(' ', '').replace('3030…2e31(18)', hex(Buffer.from(data.session)))
    expect(shown).toContain(hex(encodeEntryData(data)))
    expect(page).toContain(`gives ${hashAfter(0, { index: 1, term: 1, data: { kind: 'no-op' } })}`)
  })

  it('is every close code, in the table of all of them, too', () => {
    expect(page).toContain(`\`${PROTOCOL}\``)
    const all = readFileSync(new URL('PROTOCOL.md', docs), 'utf8')
    for (const { code, name } of Object.values(GroupCloseReasons)) {
      expect(all).toContain(`| ${code} | ${name} |`)
      expect(page).toContain(String(code))
    }
  })
})
