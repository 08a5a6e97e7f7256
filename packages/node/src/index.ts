/**
 * A Mosaik node in one call: give it a network name, and it finds the others.
 *
 * ```ts
 * import { createNetwork, defineStream } from '@mosaik/node'
 *
 * const Readings = defineStream<{ celsius: number }>('sensor.readings')
 * await using network = await createNetwork('my-app', { discovery: { bootstrap: process.argv.slice(2) } })
 * const producer = network.streams.produce(Readings)
 * await producer.send({ celsius: 21 }) // waits until somebody consumes them
 * ```
 *
 * This package wires the floors below and re-exports the names that most programs need. Who needs less installs less:
 * `@mosaik/libp2p`, `@mosaik/discovery` and `@mosaik/streams` are three calls that compose the same thing.
 *
 * @module
 */
export { createNetwork, networkOn } from './network.ts'
export type { Network, NetworkOptions } from './network.ts'

export { defineCell, defineMap, defineOnce, definePriorityQueue, defineRegister, defineSet, defineVec } from '@mosaik/collections'
export type {
  CellReader,
  CellWriter,
  Change,
  Collection,
  CollectionOptions,
  Collections,
  Committed,
  Definition,
  MapReader,
  MapWriter,
  OnceReader,
  OnceWriter,
  PriorityEntry,
  PriorityQueueReader,
  PriorityQueueWriter,
  ReaderOf,
  SetReader,
  SetWriter,
  VecReader,
  VecWriter,
  Version,
  WriterOf,
} from '@mosaik/collections'
export {
  cbor,
  CloseReasons,
  createMetrics,
  createTicket,
  deriveId,
  generateSecretKey,
  MosaikError,
  peerIdOf,
  randomId,
  secretKey,
  toBytes,
  uniqueId,
} from '@mosaik/core'
export type {
  CloseReason,
  Codec,
  Datum,
  Duration,
  Expiration,
  GroupId,
  Logger,
  Metrics,
  NetworkId,
  PeerId,
  SecretKey,
  StoreId,
  StreamId,
  Tag,
  Ticket,
  TicketValidator,
  UniqueId,
  WaitOptions,
  Watch,
} from '@mosaik/core'
export type { Catalog, Discovery, DiscoveryEvent, DiscoveryOptions, PeerEntry, UnsignedEntry } from '@mosaik/discovery'
export { fileLog, groupKey, groupKeyFrom, memoryLog, randomGroupKey } from '@mosaik/raft'
export type {
  ApplyContext,
  ConsensusOptions,
  Group,
  GroupEvent,
  GroupKey,
  Groups,
  GroupsOptions,
  GroupStatus,
  JoinOptions,
  LogStore,
  Member,
  MemberStatus,
  StateMachine,
} from '@mosaik/raft'
export { defineStream } from '@mosaik/streams'
export type {
  ChannelInfo,
  Consumer,
  ConsumerOptions,
  Criteria,
  PeerCondition,
  PeerView,
  Producer,
  ProducerOptions,
  StreamDef,
  Streams,
  StreamsOptions,
} from '@mosaik/streams'
