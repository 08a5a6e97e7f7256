import { refusal } from './refusal.ts'
import { isObject } from './json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Longer tokens are refused before anything in them is looked at. */
export const MAX_TOKEN_BYTES: number = 16 * 1024

/** A token taken apart, nothing in it believed yet. `signed` is what the signature covers. */
export interface Parsed {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: string
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** The compact serialisation of RFC 7515 section 3.1, strictly: three parts, canonical base64url without padding. */
export function parseToken(data: Uint8Array): Parsed {
  if (data.length > MAX_TOKEN_BYTES) throw refusal('too-large', `${data.length} bytes, at most ${MAX_TOKEN_BYTES} are read`)
  const parts = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1').split('.', 4)
  if (parts.length !== 3) throw refusal('malformed', 'a token is three parts with two dots between them')
  const [head, payload, tail] = parts as [string, string, string]
  const header = parseObject(head, 'header')
  return { header, payload, signed: data.subarray(0, head.length + 1 + payload.length), signature: fromBase64url(tail, 'signature') }
}

export function parsePayload(payload: string): Readonly<Record<string, unknown>> {
  return parseObject(payload, 'payload')
}

/** Header and payload as they are signed: `base64url(header).base64url(payload)`. */
export function signingInput(header: object, payload: object): string {
  return `${toBase64url(JSON.stringify(header))}.${toBase64url(JSON.stringify(payload))}`
}

export function toBase64url(data: Uint8Array | string): string {
  return Buffer.from(data as string).toString('base64url')
}

function parseObject(part: string, name: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(fromBase64url(part, name)))
  } catch (error) {
    throw refusal('malformed', `the ${name} is not JSON in UTF-8 and base64url (${error instanceof Error ? error.name : 'error'})`)
  }
  if (!isObject(value)) throw refusal('malformed', `the ${name} is not a JSON object`)
  return value
}

/** Node's decoder forgives padding, stray characters and spare bits; what does not come out the same again is not canonical. */
function fromBase64url(text: string, name: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url')
  if (text === '' || bytes.toString('base64url') !== text)
    throw refusal('malformed', `the ${name} is not canonical base64url without padding`)
  return bytes
}
