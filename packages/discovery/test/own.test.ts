import { createTicket, uniqueId } from '@mosaik/core'
import { describe, expect, test } from 'vitest'
import { OwnEntry } from '../src/logic/own.ts'
import { checkLimits } from '../src/wire/details.ts'
import { MAX_TAGS } from '../src/wire/limits.ts'
import { author, NETWORK } from './builders.ts'

function own(now = 1000): OwnEntry {
  return new OwnEntry({ peerId: author('me').id, networkId: NETWORK }, { addresses: [], tags: ['initial'] }, now, {
    maxTimeDrift: 10_000,
    checkLimits,
  })
}

describe('the own entry', () => {
  test('begins with its tags, dated at its start', () => {
    expect(own(1000.7).entry).toMatchObject({ startedAt: 1000, updatedAt: 1000, signed: true })
    expect(own().entry.hasTag('initial')).toBe(true)
  })

  test('gets a later version with every change, also within a millisecond and when the clock steps back', () => {
    const me = own()
    const versions = [me.entry.updatedAt]
    for (const [tag, now] of [
      ['a', 1000],
      ['b', 1000],
      ['c', 2000],
      ['d', 500],
    ] as const) {
      me.publish()
      expect(me.addTags([tag], now)).toBe(true)
      versions.push(me.entry.updatedAt)
    }
    expect(versions).toEqual([1000, 1001, 1002, 2000, 2001])
  })

  test('stays the very same object when nothing changes', () => {
    const me = own()
    const ticket = createTicket('c', 'x')
    me.addTicket(ticket, 1)
    const before = me.entry
    expect(me.addTags(['initial'], 5000)).toBe(false)
    expect(me.removeTags(['unknown'], 5000)).toBe(false)
    expect(me.addTicket(createTicket('c', 'x'), 5000)).toBe(false)
    expect(me.replaceTicket(ticket, 5000)).toBe(false)
    expect(me.removeTickets(() => false, 5000)).toBe(false)
    expect(me.setAddresses([], 5000)).toBe(false)
    expect(me.entry).toBe(before)
  })

  test('replaceTicket leaves one of its class', () => {
    const me = own()
    for (const text of ['x', 'y']) me.addTicket(createTicket('c', text), 1)
    me.addTicket(createTicket('d', 'z'), 1)
    me.replaceTicket(createTicket('c', 'new'), 1)
    expect(me.entry.tickets.map(({ id }) => id)).toEqual([createTicket('d', 'z').id, createTicket('c', 'new').id])
    expect(me.replaceTicket(createTicket('c', 'x'), 1)).toBe(true)
  })

  test('counts advertisements: the last withdrawal takes it out', () => {
    const me = own()
    const stream = uniqueId('s')
    expect(me.advertise({ stream }, 1)).toBe(true)
    expect(me.advertise({ stream }, 1)).toBe(false)
    expect(me.withdraw({ stream }, 1)).toBe(false)
    expect(me.entry.streams).toEqual(new Set([stream]))
    expect(me.withdraw({ stream }, 1)).toBe(true)
    expect(me.withdraw({ stream }, 1)).toBe(false)
    expect(me.entry.streams.size).toBe(0)
    me.advertise({ group: stream }, 1)
    expect(me.entry.groups).toEqual(new Set([stream]))
    expect(me.entry.hints).toBeUndefined()
    me.advertise({ group: uniqueId('g'), hint: '0102030405060708' }, 1)
    expect(me.entry.hints).toEqual(new Map([[uniqueId('g'), '0102030405060708']]))
    me.withdraw({ group: uniqueId('g') }, 1)
    expect(me.entry.hints).toBeUndefined()
  })

  test('a change over a limit throws and changes nothing', () => {
    const me = own()
    const before = me.entry
    expect(() =>
      me.addTags(
        Array.from({ length: MAX_TAGS }, (_, i) => `${i}`),
        1,
      ),
    ).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
    expect(me.entry).toBe(before)
  })

  test('unseen changes never run further ahead of the clock than a second; seen ones still get a version each', () => {
    const me = own(0)
    for (let i = 0; i < 3000; i++) me.addTags([`${i}`], 0)
    expect(me.entry.updatedAt).toBe(1000)
    me.publish()
    me.addTags(['one more'], 0)
    expect(me.entry.updatedAt).toBe(1001)
  })

  test('begins a new run when the clock was far ahead and has been set right', () => {
    const me = own(600_000)
    me.renew(1000)
    expect(me.entry).toMatchObject({ startedAt: 1000, updatedAt: 1000 })
  })

  test('overtakes another run, as far as others allow', () => {
    const me = own(1000)
    expect(me.overtake(900, 1000, 1010)).toBe(true)
    expect(me.entry.updatedAt).toBe(1000)
    expect(me.overtake(1005, 1000, 1010)).toBe(true)
    expect(me.entry.updatedAt).toBe(1006)
    expect(me.overtake(9000, 1001, 1011)).toBe(false)
    expect(me.entry.updatedAt).toBe(1011)
  })
})
