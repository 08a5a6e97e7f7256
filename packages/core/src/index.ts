/**
 * The ground floor of Mosaik: ids and keys, codecs, watches and queues, links, tickets, errors, and the interfaces
 * (`Endpoint`, `Clock`, `Prng`, `Logger`, `Metrics`) that everything above is written against.
 *
 * ```ts
 * import { createWatch, deriveId, generateSecretKey, peerIdOf, uniqueId } from '@mosaik/core'
 *
 * const me = peerIdOf(generateSecretKey())
 * const room = deriveId(uniqueId('my-app'), 'lobby')
 * const online = createWatch(false)
 * online.until((is) => is).then(() => console.log(`${me} is in ${room}`))
 * online.set(true)
 * ```
 *
 * @module
 */
export { abortable } from './async/abortable.ts'
export { createBroadcast } from './async/broadcast.ts'
export type { Broadcast, BroadcastOptions, Lagged } from './async/broadcast.ts'
export { createFifo } from './async/fifo.ts'
export type { Fifo } from './async/fifo.ts'
export { createMailbox } from './async/mailbox.ts'
export type { Mailbox, MailboxOptions } from './async/mailbox.ts'
export { createScope } from './async/scope.ts'
export type { Scope, ScopeOptions } from './async/scope.ts'
export { deadline, sleep } from './async/sleep.ts'
export { createWatch, mapWatch } from './async/watch.ts'
export type { WaitOptions, Watch, WatchSource } from './async/watch.ts'
export { assert } from './check/assert.ts'
export { MosaikError } from './check/error.ts'
export type { ErrorCode, ErrorDetail } from './check/error.ts'
export { check } from './check/options.ts'
export { decodeCanonical } from './codec/canonical-decode.ts'
export type { CanonicalLimits } from './codec/canonical-decode.ts'
export { canonical } from './codec/canonical-encode.ts'
export type { CanonicalValue } from './codec/canonical-encode.ts'
export { cbor } from './codec/cbor.ts'
export { datumCodec, validateDatum } from './codec/datum.ts'
export type { Codec, Datum, StandardIssue, StandardResult, StandardSchemaV1 } from './codec/codec.ts'
export type { Disk, DiskFile, DiskLock } from './disk/disk.ts'
export type { GroupId, NetworkId, PeerId, SecretKey, StoreId, StreamId, Tag, UniqueId } from './id/types.ts'
export { compareBytes, deriveId, ID_BYTES, idFromBytes, isUniqueId, randomId, shortId, toBytes, uniqueId } from './id/unique-id.ts'
export { isPeerId, peerIdFromPublicKey, publicKeyOf } from './identity/peer-id.ts'
export { generateSecretKey, peerIdOf, secretKey, seedOf, signWith } from './identity/secret-key.ts'
export { verify } from './identity/sign.ts'
export { isAddress, joinAddress, MAX_ADDRESS_LENGTH, splitAddress } from './net/address.ts'
export { CloseReasons } from './net/close-reason.ts'
export type { CloseReason } from './net/close-reason.ts'
export type { ByteSink, ByteStream, Endpoint } from './net/endpoint.ts'
export { createLink } from './net/create-link.ts'
export { MAX_GOSSIP_BYTES } from './net/gossip.ts'
export type { Gossip, GossipTopic, GossipVerdict } from './net/gossip.ts'
export { networkProof } from './net/hello.ts'
export { CHUNK_BYTES, MAX_MESSAGE_BYTES } from './net/link.ts'
export type { Link, LinkOptions } from './net/link.ts'
export type { Rendezvous, RendezvousSession, RendezvousTable } from './net/rendezvous.ts'
export { singleLine } from './net/single-line.ts'
export { webFaces } from './net/web-faces.ts'
export type { ByteStreamCalls, WebFaces } from './net/web-faces.ts'
export { componentLogger, silentLogger } from './observe/logger.ts'
export type { Logger } from './observe/logger.ts'
export type { Counter, Gauge, Histogram, Labels, Metrics } from './observe/metrics.ts'
export { createMetrics, noMetrics } from './observe/registry.ts'
export type { MetricsOptions } from './observe/registry.ts'
export type { Prng } from './random/prng.ts'
export { seededPrng } from './random/seeded.ts'
export { createTicket } from './ticket/ticket.ts'
export type { Expiration, Ticket, TicketHolder, TicketValidator } from './ticket/types.ts'
export { createTicketCache, validateTickets } from './ticket/validate.ts'
export type { TicketCache, TicketCacheOptions } from './ticket/validate.ts'
export { backoff } from './time/backoff.ts'
export type { BackoffPolicy } from './time/backoff.ts'
export type { Clock } from './time/clock.ts'
export { toMs } from './time/duration.ts'
export type { Duration } from './time/duration.ts'
