import { isAddress, joinAddress, peerIdOf, secretKey, splitAddress } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'

const a = peerIdOf(secretKey('a'))
const b = peerIdOf(secretKey('b'))
const quic = '/ip4/127.0.0.1/udp/4001/quic-v1'

describe('splitAddress', () => {
  test.each([
    [quic, quic, undefined],
    [`${quic}/p2p/${a}`, quic, a],
    [`${quic}/p2p/${a}/p2p-circuit/p2p/${b}`, `${quic}/p2p/${a}/p2p-circuit`, b],
    [`${quic}/p2p/${a}/p2p-circuit`, `${quic}/p2p/${a}/p2p-circuit`, undefined],
    [`${quic}/p2p/nobody`, `${quic}/p2p/nobody`, undefined],
    [`${quic}/p2p/`, `${quic}/p2p/`, undefined],
    [`/p2p/${a}`, '', a],
    [a, '', a],
    ['', '', undefined],
  ])('%s', (text, address, peerId) => expect(splitAddress(text)).toEqual({ address, peerId }))
})

describe('joinAddress', () => {
  test('undoes splitAddress', () => {
    expect(joinAddress(quic, a)).toBe(`${quic}/p2p/${a}`)
    expect(joinAddress(`${quic}/p2p/${a}`, a)).toBe(`${quic}/p2p/${a}`)
    expect(joinAddress(`${quic}/p2p/${a}/p2p-circuit`, b)).toBe(`${quic}/p2p/${a}/p2p-circuit/p2p/${b}`)
  })
  test('refuses to put one peer at the address of another', () => {
    expect(caught(() => joinAddress(`${quic}/p2p/${a}`, b)).message).toContain(b)
  })
})

describe('isAddress', () => {
  test.each([quic, `${quic}/p2p/${a}`, '/dns4/example.org/tcp/443', '/ip6/::1/udp/1/quic-v1', '/memory/x', `/p2p/${a}`])('%s', (text) =>
    expect(isAddress(text)).toBe(true),
  )
  test.each([
    '',
    '/',
    '/ip4',
    'ip4/1.2.3.4',
    '/ip4//udp',
    `${quic}/`,
    '/ip4/1.2.3.4\n',
    '/ip4/a b',
    '/ip4/ä',
    `/ip4/${'1'.repeat(600)}`,
    7,
    null,
    undefined,
  ])('not %s', (text) => expect(isAddress(text)).toBe(false))
  test('answers at once whatever comes', () => {
    fc.assert(fc.property(fc.string({ maxLength: 2000, unit: fc.constantFrom('/', 'a', ' ') }), (text) => void isAddress(text)))
  })
})
