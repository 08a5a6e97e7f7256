import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { generateSecretKey, MosaikError, peerIdOf, uniqueId } from '@mosaik/core'
import type { TicketHolder } from '@mosaik/core'
import { issueJwt, jwtValidator } from '@mosaik/core/jwt'
import type { JwtAlgorithm, JwtIssueOptions, JwtKey, JwtRefusal, JwtValidatorOptions } from '@mosaik/core/jwt'

export const now = 1_900_000_000_000
export const peer = peerIdOf(generateSecretKey())
export const other = peerIdOf(generateSecretKey())
export const holder: TicketHolder = { peerId: peer, networkId: uniqueId('net'), now }
export const secret = new Uint8Array(32).fill(0xab)
export const key: JwtKey = { alg: 'HS256', key: secret }
export const algorithms: readonly JwtAlgorithm[] = ['HS256', 'HS384', 'HS512', 'ES256', 'ES384', 'ES512', 'ES256K', 'EdDSA']

export function issue(options: Partial<JwtIssueOptions> = {}): Uint8Array {
  return issueJwt({ key, peer, issuedAt: now, ...options }).data
}

export function judge(options: Partial<JwtValidatorOptions>, data: Uint8Array, who: Partial<TicketHolder> = {}): number | 'never' {
  return jwtValidator({ keys: [key], ...options }).validate(data, { ...holder, ...who })
}

/** The refusal, and the claim that decided. */
export function refused(act: () => unknown): JwtRefusal {
  try {
    act()
  } catch (error) {
    if (!MosaikError.is(error, 'ERR_INVALID_TICKET')) throw error
    expect(error.message).toContain((error.value as JwtRefusal).reason)
    return error.value as JwtRefusal
  }
  throw new Error('accepted')
}

export function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data)
}

export function bytesOf(token: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(token)
}

export function claimsOf(data: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(textOf(data).split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

export function base64url(data: string | Uint8Array): string {
  return Buffer.from(data as string).toString('base64url')
}

/** A token that `issueJwt` would not write, rightly signed with `key`. */
export function sign(payload: object): Uint8Array {
  return signRaw('{"alg":"HS256","typ":"JWT"}', JSON.stringify(payload))
}

export function signRaw(header: string | Uint8Array, payload: string | Uint8Array): Uint8Array {
  const input = `${base64url(header)}.${base64url(payload)}`
  return bytesOf(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)
}
