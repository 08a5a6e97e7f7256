// Compiled, never run: what must not compile does not compile.
import type { Codec, StandardSchemaV1, Watch } from '@mosaik/core'
import type { Discovery } from '@mosaik/discovery'
import { z } from 'zod'
import { createStreams, defineStream } from '../src/index.ts'
import type { ChannelInfo, Consumer, Producer, StreamDef, Streams } from '../src/index.ts'

declare const discovery: Discovery

interface Reading {
  readonly sensor: string
  readonly celsius: number
  readonly at: { readonly room: string }
  readonly raw: Uint8Array
}

export async function sample(): Promise<void> {
  const Readings = defineStream<Reading>('sensor.readings')
  const Orders = defineStream('orders', z.object({ symbol: z.string(), price: z.number() }), {
    version: 2,
    onlineWhen: { minimumOf: 1 },
    require: (peer) => peer.hasTag('trader') && (peer.rtt ?? 0) < 100,
    producer: { bufferSize: 16, undelivered: (order) => console.log(order.price) },
    consumer: { where: { symbol: 'ETH' } },
  })
  await using streams: Streams = createStreams(discovery, { backoff: { initial: '1s' } })
  const producer: Producer<Reading> = streams.produce(Readings, { lagging: 'wait', maxConsumers: 3 })
  const consumer: Consumer<{ symbol: string; price: number }> = streams.consume(Orders, {
    where: { price: { gte: 1, lt: 2 }, symbol: { in: ['ETH', 'BTC'] } },
    backoff: { giveUpAfter: '5m', jitter: 0 },
  })
  const reading: Reading = { sensor: 'x', celsius: 1, at: { room: 'y' }, raw: new Uint8Array(1) }
  await producer.send(reading, { signal: AbortSignal.abort() })
  const sent = producer.trySend(reading)
  if (!sent.ok) console.log(sent.reason, sent.datum.celsius)
  const received = consumer.tryReceive()
  if (received.ok) console.log(received.datum.price)
  else console.log(received.reason satisfies 'empty' | 'closed')
  for await (const order of consumer) console.log(order.symbol)
  await consumer.readable.pipeTo(new WritableStream<{ symbol: string }>())
  await new ReadableStream<Reading>().pipeTo(producer.writable)
  const channels: readonly ChannelInfo[] = producer.consumers
  console.log(channels[0]?.peer.rtt, (await channels[0]?.closed)?.code)
  await producer.when.subscribed({ minimumOf: 2, tags: ['a'], where: ({ rtt }) => rtt === undefined, signal: AbortSignal.abort() })
  const condition: Watch<boolean> = consumer.condition({ tags: 'a' })
  console.log(condition.value)
  streams.consume(Readings, { where: { at: { room: 'y' }, raw: Uint8Array.of(1) } })
  defineStream('bytes', { encode: (bytes: Uint8Array) => bytes, decode: (bytes) => bytes } satisfies Codec<Uint8Array>)
  streams.consume(defineStream<number>('numbers'), {})

  // @ts-expect-error a name is needed
  defineStream<Reading>()
  // @ts-expect-error not a schema and not a codec
  defineStream('x', { parse: () => 1 })
  // @ts-expect-error data have the type of the stream
  await producer.send({ sensor: 'x', celsius: 'warm' })
  // @ts-expect-error not one of the policies
  streams.produce(Readings, { lagging: 'block' })
  // @ts-expect-error a consumer's option
  streams.produce(Readings, { where: { celsius: 1 } })
  // @ts-expect-error a producer's option
  streams.consume(Readings, { lagging: 'wait' })
  // @ts-expect-error no such field
  streams.consume(Readings, { where: { fahrenheit: 5 } })
  // @ts-expect-error bounds are of the field's type
  streams.consume(Readings, { where: { celsius: { gt: 'warm' } } })
  // @ts-expect-error data that are no objects have no fields to ask for
  streams.consume(defineStream<number>('numbers'), { where: { gt: 5 } })
  // @ts-expect-error not a duration
  createStreams(discovery, { backoff: { initial: '1 hour' } })
  // @ts-expect-error a snapshot cannot be written
  producer.consumers.push(channels[0] as ChannelInfo)
  // @ts-expect-error another type
  const wrong: StreamDef<string> = Readings as StreamDef<number>
  console.log(wrong)
}

export type Inferred =
  StandardSchemaV1<unknown, { price: number }> extends Parameters<typeof defineStream<{ price: number }>>[1] ? true : never
export const inferred: Inferred = true
