// Programs as users write them, compiled against the built packages with `skipLibCheck: false`: declarations must stand alone.
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
import { generateJwtKey, issueJwt, jwtValidator, publicJwtKey } from '@mosaik/core/jwt'
import type { JwtAlgorithm, JwtIssueOptions, JwtKey, JwtRefusal, JwtValidatorOptions } from '@mosaik/core/jwt'
import { systemClock, systemLogger, systemPrng } from '@mosaik/core/system'
import { z } from 'zod'

export const ids: readonly UniqueId[] = [uniqueId('a'), deriveId(uniqueId('a'), 'b'), deriveId('a', new Uint8Array(1)), randomId()]
export const aliases: [NetworkId, StreamId, GroupId, StoreId, Tag] = [randomId(), randomId(), randomId(), randomId(), randomId()]
export const raw: Uint8Array = toBytes(randomId())
export const key: SecretKey = generateSecretKey()
export const me: PeerId = peerIdOf(secretKey('text'))

export const order: Datum<{ id: string }> = z.object({ id: z.string() })
export const plain: Codec<{ id: string }> = cbor()
export const own: Datum<string> = { encode: (text) => new TextEncoder().encode(text), decode: (bytes) => new TextDecoder().decode(bytes) }

const never: Expiration = 'never'
export const closed: TicketValidator = {
  class: uniqueId('pass'),
  signature: uniqueId('pass 1'),
  validate: (_data: Uint8Array, _holder: TicketHolder) => never,
}
export const pass: Ticket = createTicket('pass', 'text')

const alg: JwtAlgorithm = 'EdDSA'
const signer: JwtKey = generateJwtKey(alg)
const demands: JwtValidatorOptions = {
  keys: [publicJwtKey(signer), { alg: 'HS256', key: 'ab'.repeat(32) }],
  issuers: ['a'],
  audiences: ['b'],
  claims: { role: 'admin' },
  maxAge: '5m',
  leeway: 500,
}
const wanted: JwtIssueOptions = {
  key: signer,
  peer: me,
  issuer: 'a',
  audience: 'b',
  expiresIn: '60m',
  notBefore: 0,
  tokenId: '1',
  claims: { role: 'admin' },
}
export const judged: Expiration = jwtValidator(demands).validate(issueJwt(wanted).data, {
  peerId: me,
  networkId: randomId(),
  now: systemClock.now(),
})
export const endless: Ticket = issueJwt({ key: signer, peer: me, expiresAt: 'never', issuedAt: systemPrng.uint32() })

export function whyRefused(error: unknown): JwtRefusal | undefined {
  return MosaikError.is(error, 'ERR_INVALID_TICKET') ? (error.value as JwtRefusal) : undefined
}

export const metrics: Metrics = createMetrics()
export const text: string = metrics.text()
export const logger: Logger = systemLogger
export const spans: readonly Duration[] = [5, '5ms', '1.5s', '2m']
// @ts-expect-error an hour is 60m
export const hour: Duration = '1h'
// @ts-expect-error text is no id: only uniqueId makes one
export const forged: UniqueId = 'ab'.repeat(32)

export async function look(watch: Watch<number>, options: WaitOptions): Promise<number> {
  for await (const value of watch) if (value > 3) break
  return (await watch.changed(options)) + (await watch.until((value) => value > 3, { signal: AbortSignal.timeout(5) })) + watch.value
}

export async function talk(endpoint: Endpoint, to: PeerId): Promise<readonly string[]> {
  endpoint.handle('/my/1', (stream) => stream.abort())
  const stream: ByteStream = await endpoint.open(to, '/my/1', { signal: AbortSignal.timeout(5) })
  await new Blob(['x']).stream().pipeTo(stream.writable)
  for await (const bytes of stream.readable) void bytes.length
  await endpoint.close()
  return endpoint.addresses
}

export function why(reason: CloseReason): string {
  return `${reason.code} ${reason.name} ${reason.detail ?? ''}`
}
