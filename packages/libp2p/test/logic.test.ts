import { uniqueId } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openControl } from '../src/control/channel.ts'
import { decodeControl, encodeControl, MAX_CONTROL_BYTES, type ControlFrame } from '../src/control/frames.ts'
import { createAddressBook, MAX_ADDRESSES, MAX_PEERS } from '../src/logic/address-book.ts'
import { dialOrder, distance, MAX_CANDIDATES } from '../src/logic/dial-order.ts'
import { BUSY_MS, Pace, QUIET_MS } from '../src/gossip/pace.ts'
import { toNextTick } from '../src/logic/grid.ts'
import { DEAD_MS, judge, SUSPECT_MS } from '../src/logic/liveness.ts'
import { resolveOptions, type EndpointOptions } from '../src/options.ts'
import { MAX_READ_BYTES, MIN_READ_BYTES, nextReadSize } from '../src/quic/limits.ts'
import { binaryNames, loadNative } from '../src/quic/native.ts'
import type { DuplexSink } from '../src/stream/duplex.ts'

const frames = fc.oneof<fc.Arbitrary<ControlFrame>[]>(
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.nat(255),
    proof: fc.string().map(uniqueId),
    incarnation: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    attempt: fc.nat(Number.MAX_SAFE_INTEGER),
    upgrade: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('ack' as const),
    version: fc.nat(255),
    proof: fc.string().map(uniqueId),
    incarnation: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    crossing: fc.nat(Number.MAX_SAFE_INTEGER),
  }),
  fc.record({ type: fc.constantFrom('refuse' as const, 'bye' as const), code: fc.nat(65_535), detail: fc.string({ maxLength: 60 }) }),
  fc.constant({ type: 'beat' as const }),
)

describe('control frames', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeControl(encodeControl(frame).subarray(4))).toEqual(frame)
      }),
    )
  })

  it('are these bytes', () => {
    expect(encodeControl({ type: 'beat' })).toEqual(Uint8Array.of(0, 0, 0, 1, 4))
    expect(encodeControl({ type: 'bye', code: 204, detail: 'ok' })).toEqual(Uint8Array.of(0, 0, 0, 5, 5, 0, 204, 0x6f, 0x6b))
    const hello = encodeControl({
      type: 'hello',
      version: 1,
      proof: uniqueId('ab'.repeat(32)),
      incarnation: 'cd'.repeat(16),
      attempt: 258,
      upgrade: true,
    })
    expect(Buffer.from(hello).toString('hex')).toBe(`0000003b0101${'ab'.repeat(32)}${'cd'.repeat(16)}000000000000010201`)
  })

  it('have details that forge no lines where they are printed', () => {
    const detail = 'a\r\nERROR b\u001b[2J\u0085\u2028\u202e 👋'
    const [, ...bytes] = encodeControl({ type: 'refuse', code: 1, detail }).subarray(3)
    expect(decodeControl(Uint8Array.from(bytes))).toEqual({ type: 'refuse', code: 1, detail: 'a  ERROR b [2J    👋' })
  })

  it('of any bytes never do anything but a frame, nothing, or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: MAX_CONTROL_BYTES }), (bytes) => {
        try {
          decodeControl(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
  })

  it('are parsed whatever the chunks, and the stream is reset at the first bad one', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (list, size) => {
        let sink: DuplexSink | undefined
        let resets = 0
        const seen: ControlFrame[] = []
        const duplex = {
          watch: () => undefined,
          attach: (taken: DuplexSink) => void (sink = taken),
          send: () => true,
          end: () => undefined,
          pause: () => undefined,
          resume: () => undefined,
          reset: () => void resets++,
        }
        openControl(duplex, { onFrame: (frame) => seen.push(frame), onClosed: () => undefined })
        const bytes = Buffer.concat(list.map(encodeControl))
        for (let at = 0; at < bytes.length; at += size) sink?.onData(bytes.subarray(at, at + size))
        expect(seen).toEqual(list)
        expect(resets).toBe(0)
        sink?.onData(Uint8Array.of(0, 0, 255, 255))
        expect(resets).toBe(1)
      }),
    )
  })
})

describe('liveness', () => {
  const well = { heardAt: 1000, suspect: false }

  it('is suspect, then dead, and recovers', () => {
    expect(judge(well, 1000 + SUSPECT_MS - 1, 0)[1]).toBe('well')
    const [suspect, verdict] = judge(well, 1000 + SUSPECT_MS, 0)
    expect(verdict).toBe('suspect')
    expect(judge(suspect, 1000 + SUSPECT_MS + 1000, 0)[1]).toBe('well')
    expect(judge({ ...suspect, heardAt: 9000 }, 9500, 0)[1]).toBe('recovered')
    expect(judge(suspect, 1000 + DEAD_MS, 0)[1]).toBe('dead')
  })

  it('does not count the time in which we were not listening', () => {
    expect(judge(well, 1000 + 60_000, 60_000)).toEqual([{ heardAt: 61_000, suspect: false }, 'well'])
  })
})

describe('the grid of ticks', () => {
  it('is the same for everyone, and no tick comes twice', () => {
    expect(toNextTick(0, 2500)).toBe(2500)
    expect(toNextTick(1, 2500)).toBe(2499)
    expect(toNextTick(2499, 2500)).toBe(2501) // that timer fired a moment too early
    expect(toNextTick(5000.5, 2500)).toBe(2499.5)
  })
})

describe('the pace of gossip', () => {
  it('is quick after changes, with many messages, and while somebody has to be told of messages; otherwise slow', () => {
    const pace = new Pace(0)
    expect(pace.next(2000, true)).toBe(BUSY_MS)
    expect(pace.next(31_000, true)).toBe(QUIET_MS)
    pace.message()
    expect(pace.next(41_000, true)).toBe(QUIET_MS)
    pace.message()
    expect(pace.next(51_000, false)).toBe(BUSY_MS)
    for (let i = 0; i < 100; i++) pace.message()
    expect(pace.next(53_000, true)).toBe(BUSY_MS)
    expect(pace.next(55_000, false)).toBe(QUIET_MS)
    pace.changed(56_000)
    expect(pace.next(65_000, true)).toBe(BUSY_MS)
  })
})

describe('the order of dialling', () => {
  it('is near before far, QUIC before TCP, relays last, and without what cannot be dialled', () => {
    const addresses = [
      '/ip4/198.51.100.7/tcp/1/p2p/12D3KooWRelay/p2p-circuit',
      '/ip4/198.51.100.7/tcp/1',
      '/ip4/198.51.100.7/udp/1/quic-v1',
      '/ip4/192.168.1.5/tcp/1',
      '/ip4/192.168.1.5/udp/1/quic-v1',
      '/ip6/fd00::5/udp/1/quic-v1',
      '/ip4/127.0.0.1/tcp/1',
      '/ip4/0.0.0.0/udp/1/quic-v1',
      '/ip6/::/udp/1/quic-v1',
      '/ip6/fe80::1/udp/1/quic-v1',
      '/ip4/127.0.0.1/tcp/1',
    ]
    expect(dialOrder(addresses)).toEqual([
      '/ip4/127.0.0.1/tcp/1',
      '/ip6/fd00::5/udp/1/quic-v1',
      '/ip4/192.168.1.5/udp/1/quic-v1',
      '/ip4/192.168.1.5/tcp/1',
      '/ip4/198.51.100.7/udp/1/quic-v1',
      '/ip4/198.51.100.7/tcp/1',
      '/ip4/198.51.100.7/tcp/1/p2p/12D3KooWRelay/p2p-circuit',
    ])
  })

  it('is bounded', () => {
    expect(dialOrder(Array.from({ length: 100 }, (_, i) => `/ip4/10.0.0.${i}/udp/1/quic-v1`))).toHaveLength(MAX_CANDIDATES)
  })

  it.each([
    ['/ip4/127.9.9.9/udp/1/quic-v1', 'local'],
    ['/unix/%2Ftmp%2Fx', 'local'],
    ['/ip4/172.16.0.1/tcp/1', 'private'],
    ['/ip4/172.32.0.1/tcp/1', 'public'],
    ['/ip6/2001:db8::1/udp/1/quic-v1', 'public'],
    ['/dns4/example.com/udp/1/quic-v1', 'public'],
  ])('knows where %s leads', (address, expected) => expect(distance(address)).toBe(expected))
})

describe('the address book', () => {
  const peer = (i: number): PeerId => `peer ${i}` as PeerId

  it('keeps the newest addresses of the newest peers', () => {
    const book = createAddressBook()
    for (let i = 0; i < MAX_ADDRESSES + 5; i++) book.learn(peer(0), [`/a/${i}`])
    expect(book.get(peer(0))).toHaveLength(MAX_ADDRESSES)
    expect(book.get(peer(0))[0]).toBe(`/a/${MAX_ADDRESSES + 4}`)
    for (let i = 1; i <= MAX_PEERS; i++) book.learn(peer(i), ['/a/1'])
    expect(book.get(peer(0))).toEqual([])
    expect(book.get(peer(1))).toEqual(['/a/1'])
  })

  it('moves what is learnt again to the front', () => {
    const book = createAddressBook()
    book.learn(peer(0), ['/a/1', '/a/2'])
    book.learn(peer(0), ['/a/2'])
    book.learn(peer(0), [])
    expect(book.get(peer(0))).toEqual(['/a/2', '/a/1'])
  })
})

describe('options', () => {
  it.each<[string, EndpointOptions, RegExp]>([
    ['listen', { listen: ['nonsense'] }, /listen\[0\] is "nonsense"/],
    ['listen', { listen: ['/ip4/127.0.0.1/udp/1'] }, /listen\[0\].*it must be QUIC/],
    ['quic', { quic: 'fast' as 'own' }, /quic is "fast".*"own", "stock"/],
    ['encryption', { encryption: 'none' as 'noise' }, /encryption is "none"/],
    ['relay', { relay: 'on' as 'off' }, /relay must be/],
    ['relay servers', { relay: { servers: ['/ip4/127.0.0.1/tcp/1'] } }, /relay\.servers\[0\].*p2p/],
    ['mdns', { mdns: 1 as unknown as boolean }, /mdns is 1; it must be true or false/],
  ])('%s are checked', (_, options, message) => {
    expect(() => resolveOptions(options)).toThrow(message)
    expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
  })

  it('have defaults that touch nothing outside', () => {
    const { listen, relay, mdns, quic, encryption } = resolveOptions({})
    expect(listen[0]).toBe('/ip4/0.0.0.0/udp/0/quic-v1')
    expect({ relay, mdns, quic, encryption }).toEqual({ relay: 'off', mdns: false, quic: 'own', encryption: 'noise' })
  })
})

describe('the native binary', () => {
  it('is known by platform', () => {
    expect(binaryNames('linux', 'arm64')).toEqual(['linux-arm64-gnu', 'linux-arm64-musl'])
    expect(binaryNames('win32', 'x64')).toEqual(['win32-x64-msvc'])
    expect(binaryNames('darwin', 'arm64')).toEqual(['darwin-arm64'])
  })

  it('is missed by name', () => {
    expect(() => loadNative('freebsd', 'x64')).toThrow(/no QUIC binary for freebsd x64.*TCP/)
    expect(() => loadNative('darwin', 'x64')).toThrow(expect.objectContaining({ code: 'ERR_QUIC_UNAVAILABLE' }))
    expect(() => loadNative('win32', 'x64')).toThrow(/@chainsafe\/libp2p-quic-win32-x64-msvc/)
  })

  it('is read in sizes that follow the traffic', () => {
    let size = MIN_READ_BYTES
    for (let i = 0; i < 4; i++) size = nextReadSize(size, size)
    expect(size).toBe(MAX_READ_BYTES)
    expect(nextReadSize(MAX_READ_BYTES, MAX_READ_BYTES / 2)).toBe(MAX_READ_BYTES)
    for (let i = 0; i < 10; i++) size = nextReadSize(size, 1)
    expect(size).toBe(MIN_READ_BYTES)
  })
})
