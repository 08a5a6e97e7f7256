import { createTicket, uniqueId } from '@mosaik/core'
import type { TicketValidator } from '@mosaik/core'
import { createStreams, defineStream } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { codeOf, drain, fill, metric, outcome, stage, stateOf, take } from './support.ts'

const Ticks = defineStream<number>('ticks')

describe('Web streams after an error or an end', () => {
  const even = {
    '~standard': {
      version: 1 as const,
      vendor: 'own',
      validate: (value: unknown) => (Number(value) % 2 === 0 ? { value: value as number } : { issues: [{ message: 'odd' }] }),
    },
  }

  it('a write that is refused errors its stream and nothing else: the next writable works', () =>
    stage(1, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const Evens = defineStream<number>('evens', even)
      const producer = a!.streams.produce(Evens)
      const consumer = b!.streams.consume(Evens)
      await producer.when.online()
      const writer = producer.writable.getWriter()
      const closed = outcome(writer.closed)
      expect(await outcome(writer.write(3))).toMatchObject({ code: 'ERR_INVALID_DATUM', datum: 3 })
      expect(await closed).toMatchObject({ code: 'ERR_INVALID_DATUM' })
      const next = producer.writable.getWriter()
      await next.write(4)
      expect(await consumer.receive()).toBe(4)
    }))

  it('the faces of an end that is closed already are closed, without being used first', () =>
    stage(2, async ({ node }) => {
      const { streams } = await node()
      const [producer, consumer] = [streams.produce(Ticks), streams.consume(Ticks)]
      await Promise.all([producer.close(), consumer.close()])
      const [writer, reader] = [producer.writable.getWriter(), consumer.readable.getReader()]
      const [written, read] = [outcome(writer.closed), reader.closed]
      read.catch(() => {})
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
      expect(await stateOf(read)).toBe('resolved')
      expect(await written).toMatchObject({ code: 'ERR_CLOSED' })
      expect(await reader.read()).toEqual({ done: true, value: undefined })
    }))
})

describe('code of the application that calls back into its own streams', () => {
  it('closing a producer from undelivered', () =>
    stage(10, async ({ node }) => {
      const a = await node()
      const producer = a.streams.produce(Ticks, { onlineWhen: { minimumOf: 0 }, undelivered: () => void producer.close() })
      await producer.send(1)
      expect(await codeOf(producer.send(2))).toBe('ERR_CLOSED')
    }))

  it('sending from undelivered keeps the order of calls', () =>
    stage(11, async ({ node }) => {
      const a = await node()
      const lost: number[] = []
      const producer = a.streams.produce(Ticks, {
        onlineWhen: { minimumOf: 0 },
        undelivered: (n) => {
          lost.push(n)
          if (n < 3) void producer.send(n + 10)
        },
      })
      await Promise.all([producer.send(1), producer.send(2), producer.send(3)])
      expect(lost.toSorted((x, y) => x - y)).toEqual([1, 2, 3, 11, 12])
      expect(lost.indexOf(11)).toBeGreaterThan(lost.indexOf(1))
    }))

  it('closing ends from rules, predicates and validators', () =>
    stage(12, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks, {
        require: () => {
          void producer.close()
          return true
        },
      })
      const consumer = b!.streams.consume(Ticks)
      await pass(3_000)
      expect([producer.consumers.length, consumer.producers.filter(({ state }) => state === 'connected').length]).toEqual([0, 0])
      const Others = defineStream<number>('others')
      const other = a!.streams.produce(Others)
      const reader = b!.streams.consume(Others, {
        require: () => {
          void reader.close()
          return true
        },
      })
      await pass(3_000)
      expect(other.consumers.length).toBe(0)
      const Third = defineStream<number>('third')
      const third = a!.streams.produce(Third)
      const watching = outcome(
        third.when.subscribed({
          where: () => {
            void third.close()
            return true
          },
        }),
      )
      b!.streams.consume(Third)
      await watching
      await third.close()
    }))

  it('consumers that close in their own loop, and producers in theirs', () =>
    stage(13, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      const consumer = b!.streams.consume(Ticks)
      await producer.when.subscribed()
      for (let n = 0; n < 10; n += 1) await producer.send(n)
      const got: number[] = []
      for await (const n of consumer) {
        got.push(n)
        if (n === 3) await consumer.close()
      }
      expect(got).toEqual([0, 1, 2, 3])
      await producer.when.unsubscribed()
    }))
})

describe('channels', () => {
  it('that never got further than connecting are closed too', () =>
    stage(20, async ({ node, pass }) => {
      const a = await node()
      const b = await node()
      await a.close()
      b.discovery.insert({ peerId: a.local.id, addresses: a.local.addresses, streams: ['ticks'] })
      const consumer = b.streams.consume(Ticks)
      const channel = consumer.producers[0]!
      expect([channel.state, channel.stats]).toEqual(['connecting', { datums: 0, bytes: 0, dropped: 0, uptime: undefined }])
      await pass(10)
      await consumer.close()
      expect(await stateOf(channel.closed)).toBe('resolved')
      expect(channel.state).toBe('terminated')
    }))

  it('of consumers that share a subscription end one by one', () =>
    stage(21, async ({ nodes }) => {
      const [a, b] = await nodes(2, { discovery: { tags: 'good' } })
      const producer = a!.streams.produce(Ticks)
      const strict = b!.streams.consume(Ticks, { require: (peer) => peer.hasTag('good') })
      const free = b!.streams.consume(Ticks)
      await Promise.all([strict.when.subscribed(), free.when.subscribed()])
      const [mine, shared, theirs] = [strict.producers[0]!, free.producers[0]!, producer.consumers[0]!]
      a!.discovery.removeTags('good')
      expect(await mine.closed).toMatchObject({ code: 10403 })
      expect([shared.state, theirs.state]).toEqual(['connected', 'connected'])
      await producer.send(1)
      expect(await free.receive()).toBe(1)
      expect(strict.tryReceive()).toEqual({ ok: false, reason: 'empty' })
      a!.discovery.addTags('good')
      await strict.when.subscribed()
      await producer.send(2)
      expect(await Promise.all([strict.receive(), free.receive()])).toEqual([2, 2])
      expect(producer.consumers).toEqual([theirs])
    }))

  it('show the peer as it is now', () =>
    stage(22, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      const channel = producer.consumers[0]!
      b!.discovery.addTags('new')
      await producer.when.subscribed({ tags: 'new' })
      expect([channel.peer.hasTag('new'), channel.peer.peerId]).toEqual([true, b!.local.id])
    }))
})

describe('criteria', () => {
  interface Row {
    n: number
    big?: bigint
    text?: string
    flag?: boolean
    bytes?: Uint8Array
    list?: number[]
    nested?: { a: number; b?: string }
    nothing?: null
  }
  const Rows = defineStream<Row>('rows')
  const rows: Row[] = [
    { n: 0, big: 5n, text: 'a', flag: true, bytes: Uint8Array.of(1, 2), list: [1, 2], nested: { a: 1, b: 'x' }, nothing: null },
    { n: 1, big: 2n ** 70n, text: 'b', flag: false, bytes: Uint8Array.of(1), list: [2, 1], nested: { a: 1 } },
    { n: 2.5, text: 'é', list: [] },
    { n: Number.NaN },
  ]
  it.each<[string, Parameters<typeof check>[0], readonly number[]]>([
    ['nothing asked', {}, [0, 1, 2, 3]],
    ['a value', { n: 1 }, [1]],
    ['bounds', { n: { gt: 0, lte: 2.5 } }, [1, 2]],
    ['bounds that exclude each other', { n: { gt: 1, lt: 1 } }, []],
    ['choices', { n: { in: [0, 2.5, 9] } }, [0, 2]],
    ['no choices', { n: { in: [] } }, []],
    ['choices within bounds', { n: { in: [0, 1, 2.5], gte: 1 } }, [1, 2]],
    ['bigints', { big: { gte: 6n } }, [1]],
    ['text in order', { text: { gte: 'b' } }, [1, 2]],
    ['text with marks', { text: 'é' }, [2]],
    ['booleans', { flag: false }, [1]],
    ['bytes', { bytes: Uint8Array.of(1, 2) }, [0]],
    ['lists', { list: [2, 1] }, [1]],
    ['objects by value', { nested: { a: 1 } }, [1]],
    ['null', { nothing: null }, [0]],
    ['several fields', { flag: true, n: { lt: 1 } }, [0]],
    ['an undefined rule', { flag: undefined as never, n: 0 }, [0]],
    ['not a number', { n: Number.NaN }, [3]],
  ])('%s', (_name, where, expected) => check(where, expected))

  function check(
    where: NonNullable<Parameters<ReturnType<typeof createStreams>['consume']>[1]>['where'] | Record<string, unknown>,
    expected: readonly number[],
  ): Promise<void> {
    return stage(30, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Rows)
      const consumer = b!.streams.consume(Rows, { where: where as never })
      await producer.when.subscribed()
      for (const row of rows) await producer.send(row)
      await pass(100)
      expect(drain(consumer).map(({ n }) => n)).toEqual(expected.map((i) => rows[i]!.n))
    })
  }
})

describe('coming back', () => {
  it('follows the backoff exactly: initial, factor, max, no jitter', () =>
    stage(40, async ({ world, nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks, { maxConsumers: 1 })
      const first = b!.streams.consume(Ticks)
      await first.when.subscribed()
      const rejected = (): number => metric(a!.discovery.endpoint.metrics, 'mosaik_streams_producer_consumers_rejected') ?? 0
      const late = c!.streams.consume(Ticks, { backoff: { initial: '1s', factor: 2, max: '4s', jitter: 0 } })
      const at: number[] = []
      const start = world.now
      while (at.length < 5) {
        const before = rejected()
        while (rejected() === before) await pass(10)
        at.push(Math.round((world.now - start) / 1000))
      }
      expect(at).toEqual([0, 1, 3, 7, 11])
      void first.close()
      await late.when.subscribed()
      expect(producer.consumers.length).toBe(1)
    }))

  it('giving up waits for a sign of life, and takes it', () =>
    stage(41, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      let isWelcome = false
      a!.streams.produce(Ticks, { require: () => isWelcome })
      const consumer = b!.streams.consume(Ticks, { backoff: { initial: '1s', giveUpAfter: '5s' } })
      await pass(30_000)
      expect(consumer.producers.length).toBe(0)
      isWelcome = true
      await pass(30_000)
      expect(await stateOf(consumer.when.unsubscribed())).toBe('resolved')
      a!.discovery.addTags('news')
      await consumer.when.subscribed()
    }))

  it('a full producer is tried again for ever, since nothing tells when it has a place', () =>
    stage(43, async ({ nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      a!.streams.produce(Ticks, { maxConsumers: 1 })
      const first = b!.streams.consume(Ticks)
      await first.when.subscribed()
      const late = c!.streams.consume(Ticks, { backoff: { initial: '1s', max: '4s', giveUpAfter: '5s' } })
      await pass(30_000)
      await first.close()
      await pass(10_000)
      expect(await stateOf(late.when.subscribed())).toBe('resolved')
    }))

  it('a quiet subscription that lasted long starts over after a break', () =>
    stage(42, async ({ world, nodes, pass }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      await pass(900_000)
      const before = world.now
      world.breakConnection(a!, b!)
      await producer.when.unsubscribed()
      await producer.when.subscribed()
      expect(world.now - before).toBeLessThan(2_000)
    }))
})

describe('several floors and nodes', () => {
  it('a discovery has one set of streams at a time', () =>
    stage(50, async ({ node }) => {
      const a = await node()
      expect(await codeOf(() => createStreams(a.discovery))).toBe('ERR_ALREADY_EXISTS')
      await a.streams.close()
      const again = createStreams(a.discovery)
      expect(again.produce(Ticks).isOnline).toBe(false)
      await again.close()
    }))

  it('explicit undefined is the same as leaving an option out', () =>
    stage(51, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const nothing = { onlineWhen: undefined, require: undefined, requireTicket: undefined, bufferSize: undefined } as never
      const producer = a!.streams.produce(Ticks, nothing)
      const consumer = b!.streams.consume(Ticks, nothing)
      await producer.send(1, { signal: undefined } as never)
      expect(await consumer.receive({ signal: undefined } as never)).toBe(1)
      await producer.when.subscribed({ signal: undefined, tags: undefined } as never)
      await a!.discovery.syncWith(b!.local.id, { signal: undefined } as never)
      await a!.close({ timeout: undefined } as never)
    }))

  it('a validator may throw anything, answer nonsense, or be slow to like someone', () =>
    stage(52, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      const answers: (() => unknown)[] = [
        () => Promise.resolve('never'),
        () => undefined,
        () => Number.NaN,
        () => 'later',
        () => true,
        () => 0,
      ]
      b!.discovery.addTicket(createTicket('odd', 'x'))
      for (const [i, answer] of answers.entries()) {
        const odd = { class: uniqueId('odd'), signature: uniqueId(`odd ${i}`), validate: answer } as TicketValidator
        const producer = a!.streams.produce(defineStream<number>(`odd ${i}`), { requireTicket: odd })
        b!.streams.consume(defineStream<number>(`odd ${i}`))
        await pass(2_000)
        expect([i, producer.consumers.length]).toEqual([i, 0])
      }
      const throwing = {
        class: uniqueId('odd'),
        signature: uniqueId('throws'),
        validate: () => {
          // oxlint-disable-next-line typescript/only-throw-error
          throw undefined
        },
      } as TicketValidator
      const producer = a!.streams.produce(Ticks, { requireTicket: throwing })
      b!.streams.consume(Ticks)
      await pass(2_000)
      expect(producer.consumers.length).toBe(0)
    }))

  it('what one node sends itself is bounded like everything else', () =>
    stage(53, async ({ node, pass }) => {
      const a = await node()
      const producer = a.streams.produce(Ticks, { bufferSize: 2, lagging: 'wait' })
      const consumer = a.streams.consume(Ticks, { bufferSize: 2, includeLocal: true })
      await producer.when.subscribed()
      const sent = fill(producer)
      expect(sent).toBeLessThan(20)
      await pass(60_000)
      expect(await take(consumer, sent)).toEqual(Array.from({ length: sent }, (_, n) => n))
      fill(producer)
      await a.close()
    }))
})
