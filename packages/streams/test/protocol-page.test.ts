import { readFileSync } from 'node:fs'
import { uniqueId } from '@mosaik/core'
import { expect, test } from 'vitest'
import { encodeCredit, encodeNotice, encodeStart, encodeSubscribe, ESCAPE } from '../src/wire/messages.ts'
import { MAX_CRITERIA_BYTES, MAX_REQUEST_BYTES, PROTOCOL, StreamCloseReasons } from '../src/wire/protocol.ts'

const page = readFileSync(new URL('../../../docs/protocol/streams.md', import.meta.url), 'utf8')
const dense = page.replaceAll(' ', '').replace('aa…aa(32)', 'aa'.repeat(32)).replace('bb…bb(32)', 'bb'.repeat(32))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('the page of streams shows the bytes of its messages', () => {
  const subscribe = encodeSubscribe({
    proof: uniqueId('aa'.repeat(32)),
    stream: uniqueId('bb'.repeat(32)),
    version: Date.parse('2026-01-01T00:00:00Z'),
    credit: { items: 1024, bytes: 33_554_432 },
    criteria: Uint8Array.of(0xa0),
  })
  expect(dense).toContain(`\n${hex(subscribe)}\n`)
  expect(dense).toContain(`\`${hex(encodeStart('disconnect'))}\`startswiththepolicy`)
  expect(dense).toContain(`\`${hex(encodeCredit({ items: 512, bytes: 65_536 }))}\`grants512itemsand64KiB`)
  expect(dense).toContain(`\n\`${hex(encodeNotice(3))}\`saythatthreeitemsweredropped`)
  expect(ESCAPE).toHaveLength(0)
  const policies = ['disconnect', 'drop', 'wait'] as const
  for (const [i, policy] of policies.entries()) expect(encodeStart(policy)[1]).toBe(i)
  expect(page.replaceAll('\n', ' ')).toContain('0 disconnect,   1 drop, 2 wait')
})

test('the page of streams has the ids, limits and codes of the code', () => {
  const number = (n: number): string => n.toLocaleString('en').replaceAll(',', ' ')
  for (const text of [`\`${PROTOCOL}\``, number(MAX_REQUEST_BYTES), number(MAX_CRITERIA_BYTES)]) expect(page).toContain(text)
  for (const { code, name } of Object.values(StreamCloseReasons)) expect(page).toMatch(new RegExp(`\\b${code} (?:\\| )?${name}\\b`))
})
