// Programs as outsiders write them, and both directions of every public type against `contract/shapes.ts`. Only compiled.
import {
  cbor,
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
import type {
  ByteStream,
  CloseReason,
  Codec,
  Datum,
  Duration,
  Endpoint,
  Expiration,
  GroupId,
  Logger,
  Metrics,
  NetworkId,
  PeerId,
  SecretKey,
  StandardSchemaV1,
  StoreId,
  StreamId,
  Tag,
  Ticket,
  TicketHolder,
  TicketValidator,
  UniqueId,
  WaitOptions,
  Watch,
} from '@mosaik/core'
import { issueJwt, jwtValidator } from '@mosaik/core/jwt'
import type { JwtAlgorithm, JwtIssueOptions, JwtKey, JwtValidatorOptions } from '@mosaik/core/jwt'
import { createDiscovery } from '@mosaik/discovery'
import type { Catalog, DhtOptions, Discovery, DiscoveryEvent, DiscoveryOptions, PeerEntry, UnsignedEntry } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import type { EndpointOptions } from '@mosaik/libp2p'
import { createNetwork } from '@mosaik/node'
import type { Network, NetworkOptions } from '@mosaik/node'
import { createStreams, defineStream } from '@mosaik/streams'
import type {
  BackoffOptions,
  ChannelInfo,
  Consumer,
  ConsumerOptions,
  Criteria,
  PeerCondition,
  PeerView,
  Producer,
  ProducerOptions,
  Received,
  Sent,
  Stats,
  StreamDef,
  StreamDefaults,
  Streams,
  StreamsOptions,
  When,
} from '@mosaik/streams'
import type * as shape from './contract/shapes.ts'

/** Compiles while every `From` may stand where a `To` is asked for. */
type Fits<To, From extends To> = From
/** Both directions. */
type Same<A extends B, B extends C, C = A> = [A, B, C]
/** True where properties can be assigned one after another, as programs do that build their options. */
type Settable<T> = (<G>() => G extends T ? 1 : 2) extends <G>() => G extends { -readonly [K in keyof T]: T[K] } ? 1 : 2 ? true : false
type Yes<T extends true> = T

interface Trade {
  pair: string
  price: number
  side: 'bid' | 'ask'
  at?: Date
}

export type CoreShapes = [
  Fits<shape.LoggerShape, Logger>,
  Fits<Logger, shape.LoggerShape>,
  Fits<Logger, Console>,
  Fits<shape.MetricsShape, Metrics>,
  Same<Watch<number>, shape.WatchShape<number>>,
  Fits<shape.ErrorShape, MosaikError>,
  Same<Codec<Trade>, shape.CodecShape<Trade>>,
  Same<StandardSchemaV1<string, number>, shape.SchemaShape<string, number>>,
  Fits<Datum<Trade>, shape.SchemaShape<unknown, Trade> | shape.CodecShape<Trade>>,
  Fits<Datum<Trade>, shape.SchemaShape<{ pair: string }, Trade>>,
  Same<Ticket, shape.TicketShape>,
  Same<TicketValidator, shape.ValidatorShape>,
  Same<CloseReason, shape.ReasonShape>,
  Fits<shape.StreamShape, ByteStream>,
  Fits<shape.EndpointShape, Endpoint>,
  Same<Expiration, number | 'never'>,
  Same<NetworkId, UniqueId>,
  Same<StreamId, GroupId>,
  Same<StoreId, Tag>,
  Fits<string, UniqueId | PeerId>,
  Same<WaitOptions, { signal?: AbortSignal }>,
]
export type JwtShapes = [
  Same<JwtKey, shape.KeyShape>,
  Same<JwtAlgorithm, shape.KeyShape['alg']>,
  Same<JwtValidatorOptions, shape.JwtDemands>,
  Same<JwtIssueOptions, shape.JwtWishes>,
  Yes<Settable<JwtValidatorOptions>>,
  Yes<Settable<JwtIssueOptions>>,
]
export type DiscoveryShapes = [
  Fits<EndpointOptions, shape.ListenShape>,
  Same<DhtOptions, shape.TableShape>,
  Same<DiscoveryOptions, shape.FindShape>,
  Same<PeerEntry, shape.EntryShape>,
  Same<UnsignedEntry, shape.ByHandShape>,
  Same<Catalog, shape.CatalogShape>,
  Same<DiscoveryEvent, shape.NewsShape>,
  Fits<shape.DiscoveryShape, Discovery>,
  Yes<Settable<EndpointOptions>>,
  Yes<Settable<DhtOptions>>,
  Yes<Settable<DiscoveryOptions>>,
  Yes<Settable<UnsignedEntry>>,
  Yes<Settable<WaitOptions>>,
]
export type StreamsShapes = [
  Same<PeerView, shape.ViewShape>,
  Same<PeerCondition, shape.ConditionShape>,
  Same<BackoffOptions, shape.PatienceShape>,
  Same<StreamsOptions, { backoff?: shape.PatienceShape }>,
  Same<ProducerOptions<Trade>, shape.ProducingShape<Trade>>,
  Same<ConsumerOptions<Trade>, shape.ConsumingShape<Trade>>,
  Same<ConsumerOptions<string>, shape.ConsumingShape<string>>,
  Same<Criteria<Trade>, shape.WhereShape<Trade>>,
  Same<StreamDefaults<Trade>, shape.DefaultsShape<Trade>>,
  Same<StreamDef<Trade>, { readonly id: StreamId; readonly name: string; readonly '~type'?: Trade }>,
  Same<Stats, shape.CountsShape>,
  Same<ChannelInfo, shape.ChannelShape>,
  Same<When, shape.WhenShape>,
  Same<Sent<Trade>, shape.SentShape<Trade>>,
  Same<Received<Trade>, shape.ReceivedShape<Trade>>,
  Fits<shape.ProducerShape<Trade>, Producer<Trade>>,
  Fits<shape.ConsumerShape<Trade>, Consumer<Trade>>,
  Yes<Settable<PeerCondition>>,
  Yes<Settable<BackoffOptions>>,
  Yes<Settable<StreamsOptions>>,
  Yes<Settable<ProducerOptions<Trade>>>,
  Yes<Settable<ConsumerOptions<Trade>>>,
  Yes<Settable<StreamDefaults<Trade>>>,
  Yes<Settable<Criteria<Trade>>>,
]
export type NodeShapes = [
  Fits<NetworkOptions, shape.NodeOptionsShape>,
  Fits<shape.NodeShape, Network>,
  Fits<AsyncDisposable, Network & Streams & Discovery & Endpoint & Producer<Trade> & Consumer<Trade>>,
  Yes<Settable<NetworkOptions>>,
]

/** Ids, keys, errors: what the calls answer. */
export function identities(): readonly (UniqueId | PeerId)[] {
  const key: SecretKey = secretKey('seed')
  const network: NetworkId = uniqueId('my-app')
  const bytes: Uint8Array = toBytes(deriveId('my-app', Uint8Array.of(1)))
  const ticket: Ticket = createTicket('my-app.auth', bytes)
  const sameClass: Ticket = createTicket(ticket.class, 'text')
  return [network, uniqueId(bytes), deriveId(network, 'x'), randomId(), peerIdOf(key), peerIdOf(generateSecretKey()), sameClass.id]
}

export function caught(error: unknown): string {
  if (!MosaikError.is(error)) return 'not ours'
  const { code, message, cause, commands, datum, value, existing } = error
  if (MosaikError.is(error, 'ERR_OFFLINE')) return error.code
  return [code, message, cause, commands?.length, datum, value, existing].join()
}

export const spans: readonly Duration[] = [0, 15, '15ms', '1.5s', '5m']
export const holder = (peer: PeerId): TicketHolder => ({ peerId: peer, networkId: randomId(), now: 0 })
export const opaque: TicketValidator = {
  class: uniqueId('a'),
  signature: uniqueId('b'),
  validate: (data, { now }) => (data.length > 0 ? now + 1 : 'never'),
}
export const jwt = (peer: PeerId, key: JwtKey): Expiration =>
  jwtValidator({ keys: [key], maxLifetime: '5m' }).validate(
    issueJwt({ key, peer, expiresIn: '60m', expiresAt: 'never' }).data,
    holder(peer),
  )

/** Options that a program fills in step by step. */
export async function stepByStep(port: number | undefined, known: string[]): Promise<Streams> {
  const listening: EndpointOptions = {}
  if (port !== undefined) listening.listen = [`/ip4/127.0.0.1/udp/${port}/quic-v1`]
  listening.relay = { servers: known }
  listening.relay = { serve: true }
  const finding: DiscoveryOptions = {}
  finding.bootstrap = known
  finding.tags = 'one'
  finding.dht = 'public'
  finding.dht = { bootstrap: known }
  const endpoint = await createEndpoint('my-app', listening)
  const discovery = await createDiscovery(endpoint, finding)
  const byHand: UnsignedEntry = { peerId: endpoint.id, addresses: [] }
  byHand.tags = new Set(['a'])
  byHand.streams = ['x']
  byHand.groups = new Map<string, 1>().keys()
  const added: boolean = discovery.insert(byHand)
  const defaults: StreamsOptions = {}
  if (added) defaults.backoff = { initial: '1s' }
  return createStreams(discovery, defaults)
}

/** A schema of nobody in particular, as Standard Schema describes it. */
export const schema: StandardSchemaV1<{ pair: string }, Trade> = {
  '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value: value as Trade }) },
}
export const Trades: StreamDef<Trade> = defineStream('trades', schema, {
  version: 1,
  onlineWhen: { minimumOf: 2 },
  consumer: { where: { price: 3 } },
})
export const Untyped = defineStream<Trade>('trades')
export const Bytes: StreamDef<Uint8Array> = defineStream('bytes', { encode: (bytes: Uint8Array) => bytes, decode: (bytes) => bytes })
export const Plain: StreamDef<number> = defineStream('plain', cbor<number>(), {})

export async function trade(streams: Streams, signal: AbortSignal): Promise<void> {
  const where: Criteria<Trade> = {}
  where.price = { gte: 100, lt: 200 }
  where.side = { in: ['bid'] }
  where.pair = 'ETH'
  await using producer = streams.produce(Trades, { lagging: 'wait', undelivered: ({ pair }) => void pair.length })
  const consumer: Consumer<Trade> = streams.consume(Trades, { where })
  const sent = producer.trySend({ pair: 'ETH', price: 1, side: 'ask' })
  if (!sent.ok) {
    const reason: 'offline' | 'full' | 'closed' = sent.reason
    throw new Error(`${reason} ${sent.datum.pair}`)
  }
  const received = consumer.tryReceive()
  const price: number = received.ok ? received.datum.price : (await consumer.receive({ signal })).price
  for await (const open of producer.condition({ minimumOf: 3, tags: ['a'] })) if (open) break
  const met: boolean = await consumer.condition({}).changed({ signal })
  await producer.when.subscribed({ minimumOf: price, tags: 'validator', where: (peer) => (peer.rtt ?? 0) < 5, signal })
  await Promise.all([
    consumer.when.unmet({ minimumOf: 1, signal }),
    consumer.when.unsubscribed({ signal }),
    consumer.when.online({ signal }),
    consumer.when.offline(),
  ])
  const [first] = producer.consumers
  const reason: CloseReason | undefined = met ? await first?.closed : undefined
  if (first?.state === 'terminated' && reason?.code === 204) await consumer.close()
  const writer: WritableStreamDefaultWriter<Trade> = producer.writable.getWriter()
  for await (const datum of consumer.readable) await writer.write(datum)
}

export async function facade(metrics: Metrics, logger: Logger): Promise<string> {
  const options: NetworkOptions = { metrics: createMetrics() }
  options.metrics = metrics
  options.logger = logger
  options.zeroConfig = true
  options.discovery = { dht: false, maxRtt: '100ms' }
  options.streams = { backoff: { jitter: 0 } }
  await using network = await createNetwork('my-app', options)
  await network.local.online({ signal: AbortSignal.timeout(1) })
  const id: NetworkId = network.id
  const me: PeerId = network.local.id
  for await (const event of network.discovery.events()) if (event.type === 'lagged') return `${event.missed} ${id} ${me}`
  await network.close({ timeout: '5s' })
  return metrics.text()
}

export async function mistakes(
  network: Network,
  consumer: Consumer<Trade>,
  producer: Producer<Trade>,
  watch: Watch<number>,
): Promise<void> {
  // @ts-expect-error text is no id
  toBytes('my-app')
  // @ts-expect-error text is no peer id
  peerIdOf('my-app')
  // @ts-expect-error a peer id is no id of anything else
  toBytes(network.local.id)
  // @ts-expect-error state is not assigned to
  watch.value = 1
  // @ts-expect-error there is no such policy
  network.streams.produce(Trades, { lagging: 'block' })
  // @ts-expect-error what only a producer has
  network.streams.consume(Trades, { maxConsumers: 1 })
  // @ts-expect-error the stream carries trades
  await producer.send({ price: 1 })
  // @ts-expect-error a field that no trade has
  network.streams.consume(Trades, { where: { colour: 'red' } })
  // @ts-expect-error bounds are of the field's type
  network.streams.consume(Trades, { where: { price: { gt: 'x' } } })
  // @ts-expect-error numbers have no fields to ask for
  network.streams.consume(Plain, { where: { toFixed: 1 } })
  // @ts-expect-error there may be nothing
  await producer.send(consumer.tryReceive().datum)
  // @ts-expect-error a duration has a unit or is a number
  await network.close({ timeout: 'soon' })
  // @ts-expect-error a schema of another type than the stream's
  defineStream<string>('text', schema)
  // @ts-expect-error entries are not changed in place
  network.discovery.me.tags.add(uniqueId('x'))
  // @ts-expect-error a validator answers at once
  network.streams.produce(Trades, { requireTicket: { ...opaque, validate: async () => 'never' } })
}
