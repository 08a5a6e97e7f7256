/**
 * Typed streams from producers to consumers that find each other. A producer offers a stream by name; every consumer of
 * that name in the network subscribes to it, as rules and tickets of both sides allow, and to every other producer of it.
 *
 * ```ts
 * import { createStreams, defineStream } from '@mosaik/streams'
 *
 * const Readings = defineStream<{ sensor: string; celsius: number }>('sensor.readings')
 * await using streams = createStreams(discovery)
 *
 * const producer = streams.produce(Readings)
 * await producer.send({ sensor: 'cellar', celsius: 11.5 }) // waits for a consumer
 *
 * const consumer = otherStreams.consume(Readings, { where: { celsius: { gt: 30 } } })
 * for await (const reading of consumer) console.log(reading.sensor, reading.celsius)
 * ```
 *
 * @module
 */
export { defineStream } from './define.ts'
export { createStreams } from './streams.ts'
export { StreamCloseReasons } from './wire/protocol.ts'
export type {
  BackoffOptions,
  ChannelInfo,
  Consumer,
  ConsumerOptions,
  Criteria,
  End,
  Lagging,
  PeerCondition,
  PeerView,
  Producer,
  ProducerOptions,
  Received,
  Rule,
  Sent,
  Stats,
  StreamDef,
  StreamDefaults,
  Streams,
  StreamsOptions,
  Validators,
  When,
} from './types.ts'
