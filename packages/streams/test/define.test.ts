import { deriveId, uniqueId } from '@mosaik/core'
import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { range, scenario } from './support/world.ts'

describe('defineStream', () => {
  test('the name is the id, a version another one', () => {
    expect(defineStream('orders').id).toBe(uniqueId('orders'))
    expect(defineStream('orders', undefined, { version: 2 }).id).toBe(deriveId(uniqueId('orders'), 'v2'))
    expect(defineStream('ab'.repeat(32)).id).toBe('ab'.repeat(32))
    expect(defineStream('orders').name).toBe('orders')
  })

  test.for<[() => unknown, string]>([
    [() => defineStream(''), 'name'],
    [() => defineStream(5 as never), 'name'],
    [() => defineStream('x', undefined, { version: -1 }), 'version'],
    [() => defineStream('x', undefined, { version: 1.5 }), 'version'],
    [() => defineStream('x', {} as never), 'datum type'],
    [() => defineStream('x', undefined, { producer: { bufferSize: 0 } }), 'bufferSize'],
    [() => defineStream('x', undefined, { consumer: { backoff: { factor: 0.5 } } }), 'backoff.factor'],
    [() => defineStream('x', undefined, { onlineWhen: { minimumOf: -1 } }), 'onlineWhen.minimumOf'],
    [() => defineStream('x', undefined, null as never), 'defaults'],
  ])('refuses what cannot hold, naming it (%#)', ([define, name]) => {
    expect(define).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }))
  })
})

describe('options', () => {
  const Numbers = defineStream<number>('numbers')
  const Objects = defineStream<{ n: number }>('objects')

  test('are refused by name, with what came and what is allowed', () =>
    scenario(async ({ a }) => {
      const { streams } = a
      const bad: [() => unknown, string][] = [
        [() => streams.produce(Numbers, { bufferSize: 0 }), 'bufferSize'],
        [() => streams.produce(Numbers, { bufferSize: 2 ** 21 }), 'bufferSize'],
        [() => streams.produce(Numbers, { bufferSize: '5' as never }), 'bufferSize'],
        [() => streams.produce(Numbers, { maxConsumers: 0 }), 'maxConsumers'],
        [() => streams.produce(Numbers, { lagging: 'sometimes' as never }), 'lagging'],
        [() => streams.produce(Numbers, { undelivered: 5 as never }), 'undelivered'],
        [() => streams.produce(Numbers, { require: true as never }), 'require'],
        [() => streams.produce(Numbers, { requireTicket: {} as never }), 'requireTicket'],
        [() => streams.produce(Numbers, { requireTicket: [{} as never] }), 'requireTicket[0]'],
        [() => streams.produce(Numbers, { onlineWhen: { tags: [''] } }), 'onlineWhen.tags[0]'],
        [() => streams.produce(Numbers, { onlineWhen: { where: 1 as never } }), 'onlineWhen.where'],
        [() => streams.produce(Numbers, 5 as never), 'options'],
        [() => streams.produce({ id: Numbers.id, name: 'forged' }), 'definition'],
        [() => streams.consume(Objects, { where: { n: { gt: {} as never } } }), 'where'],
        [() => streams.consume(Objects, { backoff: { initial: '0ms' } }), 'backoff.initial'],
        [() => streams.consume(Objects, { backoff: { jitter: 2 } }), 'backoff.jitter'],
        [() => streams.consume(Objects, { includeLocal: 1 as never }), 'includeLocal'],
        [() => streams.consume(undefined as never), 'definition'],
      ]
      for (const [call, name] of bad) {
        expect(call).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }))
      }
      const producer = streams.produce(Numbers)
      await expect(producer.when.subscribed({ minimumOf: -1 })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
      expect(() => producer.condition({ minimumOf: 0.5 })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
    }))

  test('sections and calls: the call wins', () =>
    scenario(async ({ world, a, b }) => {
      const Small = defineStream<number>('small', undefined, {
        producer: { bufferSize: 2 },
        consumer: { bufferSize: 3 },
        onlineWhen: { minimumOf: 1 },
      })
      const producer = a.streams.produce(Small)
      const consumer = b.streams.consume(Small, { bufferSize: 1 })
      expect(consumer.isOnline).toBe(false)
      await consumer.when.online()
      let taken = 0
      for (const n of range(0, 10))
        producer.send(n).then(
          () => (taken += 1),
          () => {},
        )
      await world.pass('2s')
      expect(taken).toBe(3)
    }))
})
