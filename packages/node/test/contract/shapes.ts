// What other people's programs rely on, written a second time and apart from the sources: a change of a public type that
// breaks a program shows here. Brands, and what is compared by them, come from the packages themselves.
import type { CloseReason, Duration, PeerId, SecretKey, Ticket, TicketValidator, UniqueId, WaitOptions, Watch } from '@mosaik/core'

type Hash = UniqueId
type Text = string
type OneOrMore<T> = T | readonly T[]
type Later = Promise<void>
type Cut = { signal?: AbortSignal }

export interface LoggerShape {
  debug(...what: unknown[]): void
  info(...what: unknown[]): void
  warn(...what: unknown[]): void
  error(...what: unknown[]): void
}
export interface MetricsShape {
  text(): string
}
export interface WatchShape<T> extends AsyncIterable<T> {
  readonly value: T
  changed(options?: Cut): Promise<T>
  until(predicate: (value: T) => boolean, options?: Cut): Promise<T>
}
export interface ErrorShape extends Error {
  readonly code: string
  readonly commands?: readonly unknown[]
  readonly datum?: unknown
  readonly value?: unknown
  readonly existing?: unknown
}
export interface CodecShape<T> {
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}
export interface SchemaShape<I, O> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    // oxlint-disable-next-line typescript/no-explicit-any
    readonly validate: (value: unknown) => any
    readonly types?: { readonly input: I; readonly output: O } | undefined
  }
}
export interface TicketShape {
  readonly id: Hash
  readonly class: Hash
  readonly data: Uint8Array
}
export interface ValidatorShape {
  readonly class: Hash
  readonly signature: Hash
  readonly secret?: boolean
  validate(data: Uint8Array, holder: { readonly peerId: PeerId; readonly networkId: Hash; readonly now: number }): number | 'never'
}
export interface ReasonShape {
  readonly code: number
  readonly name: string
  readonly detail?: string
}
export interface StreamShape {
  readonly peerId: PeerId
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  abort(reason?: unknown): void
}
export interface EndpointShape extends AsyncDisposable {
  readonly id: PeerId
  readonly networkId: Hash
  readonly addresses: readonly Text[]
  open(to: Text, protocol: Text, options?: Cut): Promise<StreamShape>
  handle(protocol: Text, accept: (stream: StreamShape) => void): void
  close(): Later
}

export interface KeyShape {
  readonly alg: 'HS256' | 'HS384' | 'HS512' | 'ES256' | 'ES384' | 'ES512' | 'ES256K' | 'EdDSA'
  readonly key: Uint8Array | string
}
export interface JwtDemands {
  keys: readonly KeyShape[]
  issuers?: readonly Text[]
  audiences?: readonly Text[]
  subject?: Text
  claims?: Readonly<Record<Text, unknown>>
  allowNonExpiring?: boolean
  maxLifetime?: Duration
  maxAge?: Duration
  leeway?: Duration
}
export interface JwtWishes {
  key: KeyShape
  peer: PeerId
  issuer?: Text
  audience?: Text
  subject?: Text
  expiresIn?: Duration
  expiresAt?: number | 'never'
  issuedAt?: number
  notBefore?: number
  tokenId?: Text
  claims?: Readonly<Record<Text, unknown>>
}

export interface ListenShape {
  secretKey?: SecretKey
  listen?: readonly Text[]
  relay?: 'off' | { servers: readonly Text[] } | { serve: true }
  mdns?: boolean
  logger?: LoggerShape
  signal?: AbortSignal
}
export interface TableShape {
  bootstrap: readonly Text[]
  serve?: boolean
  interval?: Duration
}
export interface FindShape {
  bootstrap?: OneOrMore<Text>
  tags?: OneOrMore<Text>
  announceInterval?: Duration
  announceJitter?: number
  purgeAfter?: Duration
  maxTimeDrift?: Duration
  eventsBacklog?: number
  dht?: false | 'public' | TableShape
  rttProbeInterval?: Duration
  maxRtt?: Duration
}
export interface EntryShape {
  readonly peerId: PeerId
  readonly networkId: Hash
  readonly addresses: readonly Text[]
  readonly tags: ReadonlySet<Hash>
  readonly streams: ReadonlySet<Hash>
  readonly groups: ReadonlySet<Hash>
  readonly tickets: readonly TicketShape[]
  readonly startedAt: number
  readonly updatedAt: number
  readonly signed: boolean
  hasTag(text: Text): boolean
}
export interface ByHandShape {
  peerId: PeerId
  addresses: readonly Text[]
  tags?: Iterable<Text>
  streams?: Iterable<Text>
  groups?: Iterable<Text>
  tickets?: readonly TicketShape[]
}
export interface CatalogShape extends Iterable<EntryShape> {
  readonly size: number
  readonly me: EntryShape
  get(peer: PeerId): EntryShape | undefined
  has(peer: PeerId): boolean
}
export type NewsShape =
  | { type: 'discovered' | 'updated'; entry: EntryShape }
  | { type: 'departed'; peerId: PeerId }
  | { type: 'lagged'; missed: number }
export interface DiscoveryShape extends AsyncDisposable {
  readonly catalog: WatchShape<CatalogShape>
  readonly me: EntryShape
  events(options?: Cut): AsyncIterable<NewsShape>
  dial(...addresses: Text[]): void
  syncWith(address: Text, options?: Cut): Later
  addTags(...text: Text[]): void
  removeTags(...text: Text[]): void
  addTicket(ticket: TicketShape): void
  removeTicket(id: Hash): void
  removeTickets(cls: Text): void
  replaceTicket(ticket: TicketShape): void
  feed(signed: Uint8Array): boolean
  exportMe(): Uint8Array
  insert(entry: ByHandShape): boolean
  remove(peer: PeerId): boolean
  clearUnsigned(): void
  rtt(peer: PeerId): number | undefined
  close(): Later
}

export interface ViewShape extends EntryShape {
  readonly rtt: number | undefined
}
type Judge = (peer: ViewShape) => boolean
export interface PatienceShape {
  initial?: Duration
  factor?: number
  max?: Duration
  jitter?: number
  giveUpAfter?: Duration
}
export interface ConditionShape {
  minimumOf?: number
  tags?: OneOrMore<Text>
  where?: Judge
}
export interface ProducingShape<T> {
  onlineWhen?: ConditionShape
  require?: Judge
  requireTicket?: OneOrMore<ValidatorShape>
  bufferSize?: number
  maxConsumers?: number
  lagging?: 'disconnect' | 'drop' | 'wait'
  undelivered?: (datum: T) => void
}
type Wanted<V> = V | { gt?: V; gte?: V; lt?: V; lte?: V; in?: readonly V[] }
export type WhereShape<T> = T extends object ? { [K in keyof T]?: Wanted<T[K]> } : never
export interface ConsumingShape<T> {
  require?: Judge
  requireTicket?: OneOrMore<ValidatorShape>
  onlineWhen?: ConditionShape
  where?: WhereShape<T>
  bufferSize?: number
  backoff?: PatienceShape
  includeLocal?: boolean
}
export interface DefaultsShape<T> {
  version?: number
  require?: Judge
  requireTicket?: OneOrMore<ValidatorShape>
  onlineWhen?: ConditionShape
  producer?: ProducingShape<T>
  consumer?: ConsumingShape<T>
}
export interface CountsShape {
  readonly datums: number
  readonly bytes: number
  readonly dropped: number
  readonly uptime: number | undefined
}
export interface ChannelShape {
  readonly peerId: PeerId
  readonly peer: ViewShape
  readonly state: 'connecting' | 'connected' | 'terminated'
  readonly stats: CountsShape
  readonly closed: Promise<ReasonShape>
}
export interface WhenShape {
  online(options?: Cut): Later
  offline(options?: Cut): Later
  subscribed(options?: ConditionShape & Cut): Later
  unsubscribed(options?: Cut): Later
  unmet(options?: ConditionShape & Cut): Later
}
export interface EndShape extends AsyncDisposable {
  readonly id: Hash
  readonly isOnline: boolean
  readonly stats: CountsShape
  readonly when: WhenShape
  condition(condition: ConditionShape): WatchShape<boolean>
  close(): Later
}
export type SentShape<T> = { ok: true } | { ok: false; reason: 'offline' | 'full' | 'closed'; datum: T }
export type ReceivedShape<T> = { ok: true; datum: T } | { ok: false; reason: 'empty' | 'closed' }
export interface ProducerShape<T> extends EndShape {
  readonly consumers: readonly ChannelShape[]
  send(datum: T, options?: Cut): Later
  trySend(datum: T): SentShape<T>
  readonly writable: WritableStream<T>
}
export interface ConsumerShape<T> extends EndShape, AsyncIterable<T> {
  readonly producers: readonly ChannelShape[]
  receive(options?: Cut): Promise<T>
  tryReceive(): ReceivedShape<T>
  readonly readable: ReadableStream<T>
}

export interface NodeShape {
  readonly id: Hash
  readonly local: { readonly id: PeerId; readonly addresses: readonly Text[]; online(options?: Cut): Later }
  readonly discovery: DiscoveryShape
  close(options?: { timeout?: Duration }): Later
}
export interface NodeOptionsShape extends ListenShape {
  zeroConfig?: boolean
  discovery?: FindShape
  streams?: { backoff?: PatienceShape }
}

/** Ours, used where the shapes above must meet them. */
export interface Ours {
  readonly reason: CloseReason
  readonly ticket: Ticket
  readonly validator: TicketValidator
  readonly wait: WaitOptions
  readonly watch: Watch<number>
}
