import { canonical, CloseReasons, createLink, networkProof } from '@mosaik/core'
import type { CloseReason, Link } from '@mosaik/core'
import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { encodeCredit, encodeNotice, encodeStart, encodeSubscribe, ESCAPE } from '../src/wire/messages.ts'
import type { Subscribe } from '../src/wire/messages.ts'
import { MAX_PENDING_PER_PEER, MAX_REQUEST_BYTES, PROTOCOL } from '../src/wire/protocol.ts'
import { range, scenario, take } from './support/world.ts'
import type { Node } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

/** A link to a producer without anything of a consumer behind it. */
async function dial(from: Node, to: Node): Promise<Link> {
  const stream = await from.endpoint.open(to.endpoint.addresses[0] ?? '', PROTOCOL)
  return createLink(stream, { clock: from.endpoint.clock, maxMessageBytes: 1024 * 1024 })
}

function request(from: Node, to: Node, more: Partial<Subscribe> = {}): Uint8Array {
  return encodeSubscribe({
    proof: networkProof(from.endpoint.networkId, from.endpoint.id, to.endpoint.id),
    stream: Numbers.id,
    version: 0,
    credit: { items: 10, bytes: 10_000 },
    criteria: new Uint8Array(0),
    ...more,
  })
}

describe('a hostile consumer', () => {
  const cases: [string, (link: Link, from: Node, to: Node) => void, number][] = [
    ['garbage instead of a handshake', (link) => link.send(Uint8Array.of(9, 9, 9)), 400],
    ['an empty handshake', (link) => link.send(new Uint8Array(0)), 400],
    ['an oversized handshake', (link) => link.send(new Uint8Array(MAX_REQUEST_BYTES + 1)), 400],
    ['criteria that are no canonical CBOR', (link, a, b) => link.send(request(a, b, { criteria: Uint8Array.of(0xff, 1, 2) })), 400],
    ['criteria that are no object', (link, a, b) => link.send(request(a, b, { criteria: canonical([1, 2]) })), 400],
    [
      'criteria nested too deeply',
      (link, a, b) => link.send(request(a, b, { criteria: canonical({ a: [[[[[[[[[[[[1]]]]]]]]]]]] }) })),
      400,
    ],
    ['criteria that are too large', (link, a, b) => link.send(request(a, b, { criteria: new Uint8Array(16 * 1024 + 1) })), 400],
    [
      'the wrong network',
      (link, a, b) => link.send(request(a, b, { proof: networkProof(a.endpoint.networkId, b.endpoint.id, a.endpoint.id) })),
      101,
    ],
    ['no such stream', (link, a, b) => link.send(request(a, b, { stream: defineStream('none').id })), 10404],
    ['too much credit at once', (link, a, b) => link.send(request(a, b, { credit: { items: 2 ** 31, bytes: 1 } })), 400],
    ['silence', () => {}, 408],
    [
      'too much credit in sum',
      (link, a, b) => {
        link.send(request(a, b))
        for (let i = 0; i < 3; i++) link.send(encodeCredit({ items: 2 ** 19, bytes: 2 ** 24 }))
      },
      400,
    ],
    [
      'anything but credit after the handshake',
      (link, a, b) => {
        link.send(request(a, b))
        link.send(request(a, b))
      },
      400,
    ],
  ]

  test.for(cases)('that sends %s is refused with its code, and others are not disturbed', ([, attack, code]) =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers)
      const honest = b.streams.consume(Numbers)
      await honest.when.subscribed()
      await world.pass('100ms')
      const link = await dial(c, a)
      attack(link, c, a)
      expect((await link.closed).code).toBe(code)
      await world.pass('2s')
      expect(producer.consumers.length).toBe(1)
      await producer.send(5)
      expect(await honest.receive()).toBe(5)
    }),
  )

  test('that opens many and says nothing is turned away, and so is nobody else', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers)
      await world.pass('100ms')
      const links: Link[] = []
      for (let i = 0; i < MAX_PENDING_PER_PEER + 5; i++) links.push(await dial(c, a))
      await world.pass('1s')
      const ended = links.flatMap((link): CloseReason[] => (link.ended === undefined ? [] : [link.ended]))
      expect(ended.length).toBe(5)
      expect(ended.every(({ code }) => code === CloseReasons.TooManyRequests.code)).toBe(true)
      const honest = b.streams.consume(Numbers)
      await producer.send(1)
      expect(await honest.receive()).toBe(1)
      await world.pass('15s')
      expect(links.every((link) => link.ended !== undefined)).toBe(true)
      const again = await dial(c, a)
      again.send(request(c, a))
      expect([...(await again.receive())]).toEqual([2, 0])
    }))

  test('that subscribes without end has a bounded number of places', () =>
    scenario(async ({ world, a, c }) => {
      const producer = a.streams.produce(Numbers)
      await world.pass('100ms')
      const reasons = new Set<number>()
      for (let i = 0; i < 80; i++) {
        const link = await dial(c, a)
        link.send(request(c, a, { criteria: canonical({ n: i }) }))
        void link.closed.then(({ code }) => reasons.add(code))
        await world.pass('20ms')
      }
      expect(producer.consumers.length).toBe(64)
      expect([...reasons]).toEqual([429])
    }))

  test('that subscribes to the same again takes its own old place, and no other', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers, { maxConsumers: 2 })
      const honest = b.streams.consume(Numbers)
      await honest.when.subscribed()
      await world.pass('100ms')
      const links: Link[] = []
      for (let i = 0; i < 5; i++) {
        const link = await dial(c, a)
        link.send(request(c, a))
        expect([...(await link.receive())]).toEqual([2, 0])
        await world.pass('20ms')
        expect(links.every(({ ended }) => ended?.code === CloseReasons.Cancelled.code)).toBe(true)
        expect(producer.consumers.map(({ peerId }) => peerId)).toEqual([b.endpoint.id, c.endpoint.id])
        links.push(link)
      }
    }))

  test('that gives no credit for bytes gets none', () =>
    scenario(async ({ world, a, c }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 2 })
      await world.pass('100ms')
      const link = await dial(c, a)
      link.send(request(c, a, { credit: { items: 100, bytes: 0 } }))
      await producer.when.online()
      const got: number[] = []
      link.onMessage((message) => got.push(message.length))
      await producer.send(1)
      await world.pass('1s')
      expect(got).toEqual([2]) // the start, and nothing else
    }))
})

describe('a hostile producer', () => {
  const cases: [string, (link: Link) => void, number][] = [
    ['garbage instead of a start', (link) => link.send(Uint8Array.of(7)), 400],
    ['an unknown policy', (link) => link.send(Uint8Array.of(2, 9)), 400],
    [
      'more items than there was credit for',
      (link) => {
        link.send(encodeStart('wait'))
        for (let i = 0; i < 5; i++) link.send(Uint8Array.of(1))
      },
      400,
    ],
    [
      'a broken notice',
      (link) => {
        link.send(encodeStart('drop'))
        link.send(ESCAPE)
        link.send(Uint8Array.of(1))
      },
      400,
    ],
    [
      'an item that is no CBOR',
      (link) => {
        link.send(encodeStart('drop'))
        link.send(Uint8Array.of(0xff, 0xff))
      },
      400,
    ],
    ['silence', () => {}, 408],
  ]

  test.for(cases)('that sends %s loses its consumer, and others do not', ([, attack, code]) =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers)
      await c.streams.close()
      const ended = Promise.withResolvers<CloseReason>()
      c.endpoint.handle(PROTOCOL, (stream) => {
        const link = createLink(stream, { clock: c.endpoint.clock })
        void link.closed.then(ended.resolve)
        void link.receive().then(() => attack(link))
      })
      c.discovery.advertise({ stream: Numbers.id })
      const consumer = b.streams.consume(Numbers, { bufferSize: 4 })
      expect((await ended.promise).code).toBe(code)
      await producer.send(5)
      const first = await consumer.receive()
      expect([1, 5]).toContain(first) // what came within credit counts
      await world.pass('1s')
      expect(consumer.producers.find(({ peerId }) => peerId === a.endpoint.id)?.state).toBe('connected')
    }),
  )

  test('drops that a producer claims are counted, without more', () =>
    scenario(async ({ b, c, world }) => {
      await c.streams.close()
      c.endpoint.handle(PROTOCOL, (stream) => {
        const link = createLink(stream, { clock: c.endpoint.clock })
        void link.receive().then(() => {
          link.send(encodeStart('drop'))
          link.send(ESCAPE)
          link.send(encodeNotice(Number.MAX_SAFE_INTEGER))
          link.send(Uint8Array.of(7))
        })
      })
      c.discovery.advertise({ stream: Numbers.id })
      const consumer = b.streams.consume(Numbers)
      expect(await take(consumer, 1)).toEqual([7])
      expect(consumer.stats.dropped).toBe(Number.MAX_SAFE_INTEGER)
      await world.pass(`${range(0, 1).length}s`)
      expect(consumer.producers[0]?.state).toBe('connected')
    }))
})

test('a node of another network is refused before anything is said', () =>
  scenario(async ({ world, a }) => {
    const stranger = await world.node({ network: 'another-network' })
    const producer = a.streams.produce(Numbers)
    stranger.discovery.insert({ peerId: a.endpoint.id, addresses: a.endpoint.addresses, streams: [Numbers.id] })
    const consumer = stranger.streams.consume(Numbers)
    expect(await consumer.producers[0]?.closed).toMatchObject({ code: 101, name: 'DifferentNetwork' })
    expect(producer.consumers).toEqual([])
  }))
