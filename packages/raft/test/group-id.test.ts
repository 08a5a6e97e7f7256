import { inspect } from 'node:util'
import { uniqueId } from '@mosaik/core'
import type { TicketValidator } from '@mosaik/core'
import { expect, test } from 'vitest'
import { groupHint, groupIdOf } from '../src/group-id.ts'
import type { GroupIdParts } from '../src/group-id.ts'
import { groupKey, groupKeyFrom, randomGroupKey, secretOf } from '../src/group-key.ts'

const validator = (name: string, secret: boolean): TicketValidator => ({
  class: uniqueId('class'),
  signature: uniqueId(name),
  secret,
  validate: () => 'never',
})
const key = groupKey('secret')

test('a key is what its secret says, and tells nothing of it', () => {
  expect(secretOf(groupKey('secret'))).toEqual(secretOf(groupKey(new TextEncoder().encode('secret'))))
  expect(secretOf(groupKey('secret'))).not.toEqual(secretOf(groupKey('Secret')))
  expect(secretOf(randomGroupKey())).not.toEqual(secretOf(randomGroupKey()))
  const hex = Buffer.from(secretOf(key)).toString('hex')
  for (const text of [inspect(key, { showHidden: true, depth: 9 }), JSON.stringify(key), String(key)]) {
    expect(text).not.toContain(hex)
    expect(text).not.toContain('secret')
  }
  for (const wrong of ['', new Uint8Array(0), 7, undefined]) {
    expect(() => groupKey(wrong as string)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
  }
  expect(() => secretOf({ '~groupKey': true })).toThrow(/groupKey\(secret\)/)
})

test('a validator without a secret makes no key', () => {
  expect(secretOf(groupKeyFrom(validator('v', true)))).toEqual(secretOf(groupKeyFrom(validator('v', true))))
  expect(() => groupKeyFrom(validator('v', false))).toThrow(/secret/)
  const { secret: _secret, ...without } = validator('v', true)
  expect(() => groupKeyFrom(without)).toThrow(/secret/)
})

test('the id depends on everything that members must agree on, and on its order', () => {
  const [one, two] = [validator('one', false), validator('two', false)]
  const different: GroupIdParts[] = [
    { key },
    { key: groupKey('other') },
    { key, consensus: 'fast' },
    { key, consensus: { maxVoters: 5 } },
    { key, consensus: { maxVoters: 3 } },
    { key, consensus: { preset: 'fast', electionTimeout: 800 } },
    { key, consensus: { electionTimeout: 800 } },
    { key, consensus: { electionJitter: 800 } },
    { key, consensus: { heartbeatInterval: 800 } },
    { key, consensus: { heartbeatJitter: 800 } },
    { key, consensus: { maxMissedHeartbeats: 800 } },
    { key, consensus: { bootstrapDelay: 800 } },
    { key, consensus: { minMembers: 3 } },
    { key, consensus: { memberGrace: 800 } },
    { key, consensus: { recoveryTimeout: 800 } },
    { key, consensus: { recoveryTimeout: 'never' } },
    { key, sync: { fetchBatchSize: 2000 } },
    { key, sync: { fetchTimeout: 2000 } },
    { key, sync: { snapshotTtl: 2000 } },
    { key, sync: { snapshotRequestTimeout: 2000 } },
    { key, machine: { name: 'map' } },
    { key, machine: { name: 'map', version: 1 } },
    { key, machine: { name: 'map', version: 2 } },
    { key, machine: { name: 'set', version: 1 } },
    { key, validators: [one] },
    { key, validators: [one, two] },
    { key, validators: [two, one] },
  ]
  expect(new Set(different.map(groupIdOf)).size).toBe(different.length)
})

test('the same said in another way is the same', () => {
  const same = (a: Omit<GroupIdParts, 'key'>, b: Omit<GroupIdParts, 'key'>): void =>
    expect(groupIdOf({ key, ...a })).toBe(groupIdOf({ key: groupKey('secret'), ...b }))
  same({}, { consensus: {}, sync: {}, validators: [], machine: undefined })
  same({ consensus: 'fast' }, { consensus: { preset: 'fast' } })
  same({ consensus: { electionTimeout: '2s', maxVoters: 3 } }, { consensus: { maxVoters: 3, electionTimeout: 2000 } })
  same({ sync: { snapshotTtl: '1m' } }, { sync: { snapshotTtl: '60s' } })
  // What a single call waits for is nobody else's business.
  same({ consensus: { forwardTimeout: 100, queryTimeout: 200 } }, {})
  expect(groupIdOf({ key })).toMatchInlineSnapshot(`"1b773361514c7a7293e9a007c160c5f2ed9e222e97ee16619fad0bd84102c108"`)
})

test('options that cannot be are refused by name', () => {
  expect(() => groupIdOf({ key, consensus: { maxVoters: 0 } })).toThrow(/consensus\.maxVoters/)
  expect(() => groupIdOf({ key, consensus: { electionTimeout: -1 } })).toThrow(/consensus\.electionTimeout/)
  expect(() => groupIdOf({ key, consensus: { preset: 'slow' as never } })).toThrow(/consensus\.preset/)
  expect(() => groupIdOf({ key, sync: { fetchBatchSize: 0.5 } })).toThrow(/sync\.fetchBatchSize/)
})

test('the hint is the same for all groups of a key and has 8 bytes', () => {
  expect(groupHint(key)).toEqual(groupHint(groupKey('secret')))
  expect(groupHint(key)).toHaveLength(8)
  expect(groupHint(key)).not.toEqual(groupHint(groupKey('other')))
  expect(groupIdOf({ key })).not.toContain(Buffer.from(groupHint(key)).toString('hex'))
})
