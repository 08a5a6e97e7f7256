import { idFromBytes, singleLine, toBytes } from '@mosaik/core'
import type { UniqueId } from '@mosaik/core'

/** The first stream of every connection, opened by its dialer. Byte layout: docs/protocol/control.md. */
export const CONTROL_PROTOCOL = '/mosaik/control/1.0'
export const CONTROL_VERSION = 1
/** Largest body of a control frame. */
export const MAX_CONTROL_BYTES = 512

const TYPE = { hello: 1, ack: 2, refuse: 3, beat: 4, bye: 5 } as const
const PROOF_BYTES = 32
export const INCARNATION_BYTES = 16
const ATTEMPT_BYTES = 8
const ATTEMPT_AT = 2 + PROOF_BYTES + INCARNATION_BYTES
/** hello: type, version, proof, incarnation, attempt, flags. ack: the same without flags. */
const HELLO_BYTES = 2 + PROOF_BYTES + INCARNATION_BYTES + ATTEMPT_BYTES + 1
const ACK_BYTES = HELLO_BYTES - 1
const FLAG_UPGRADE = 1
const MAX_DETAIL_BYTES = 256

/** The dialer's first word. */
export interface Hello {
  readonly type: 'hello'
  readonly version: number
  readonly proof: UniqueId
  /** Hex of 16 random bytes, drawn once per run of the endpoint. */
  readonly incarnation: string
  /** The number of this hello: higher than that of any hello before it in this run. */
  readonly attempt: number
  /** The dialer wants to move to this connection, and the other one is well. */
  readonly upgrade: boolean
}

/** The acceptor's yes. */
export interface Ack {
  readonly type: 'ack'
  readonly version: number
  readonly proof: UniqueId
  readonly incarnation: string
  /** The number of the acceptor's last hello: all up to it are void. */
  readonly crossing: number
}

export type ControlFrame =
  | Hello
  | Ack
  | { readonly type: 'refuse' | 'bye'; readonly code: number; readonly detail: string }
  | { readonly type: 'beat' }

/** One frame with its length. */
export function encodeControl(frame: ControlFrame): Uint8Array {
  const body = encodeBody(frame)
  const bytes = new Uint8Array(4 + body.byteLength)
  new DataView(bytes.buffer).setUint32(0, body.byteLength)
  bytes.set(body, 4)
  return bytes
}

function encodeBody(frame: ControlFrame): Uint8Array {
  switch (frame.type) {
    case 'hello': {
      const bytes = greeting(TYPE.hello, HELLO_BYTES, frame, frame.attempt)
      bytes[HELLO_BYTES - 1] = frame.upgrade ? FLAG_UPGRADE : 0
      return bytes
    }
    case 'ack':
      return greeting(TYPE.ack, ACK_BYTES, frame, frame.crossing)
    case 'beat':
      return Uint8Array.of(TYPE.beat)
    case 'refuse':
    case 'bye': {
      const detail = new TextEncoder().encode(frame.detail).subarray(0, MAX_DETAIL_BYTES)
      return Uint8Array.of(TYPE[frame.type], frame.code >> 8, frame.code & 0xff, ...detail)
    }
  }
}

type Greeting = Pick<Hello, 'version' | 'proof' | 'incarnation'>

function greeting(type: number, size: number, { version, proof, incarnation }: Greeting, attempt: number): Uint8Array {
  const bytes = new Uint8Array(size)
  bytes[0] = type
  bytes[1] = version
  bytes.set(toBytes(proof), 2)
  bytes.set(Buffer.from(incarnation, 'hex'), 2 + PROOF_BYTES)
  new DataView(bytes.buffer).setBigUint64(ATTEMPT_AT, BigInt(attempt))
  return bytes
}

/**
 * Undefined for a frame of a type that this version does not know, which is skipped. Throws for a malformed one. In a detail control
 * characters become spaces.
 */
export function decodeControl(body: Uint8Array): ControlFrame | undefined {
  switch (body[0]) {
    case TYPE.hello: {
      need(body, HELLO_BYTES)
      return { type: 'hello', ...decodeGreeting(body), attempt: attemptIn(body), upgrade: (body[HELLO_BYTES - 1]! & FLAG_UPGRADE) !== 0 }
    }
    case TYPE.ack: {
      need(body, ACK_BYTES)
      return { type: 'ack', ...decodeGreeting(body), crossing: attemptIn(body) }
    }
    case TYPE.refuse:
    case TYPE.bye: {
      need(body, 3)
      const detail = singleLine(new TextDecoder().decode(body.subarray(3, 3 + MAX_DETAIL_BYTES)))
      return { type: body[0] === TYPE.bye ? 'bye' : 'refuse', code: (body[1]! << 8) | body[2]!, detail }
    }
    case TYPE.beat:
      return { type: 'beat' }
    default:
      need(body, 1)
      return undefined
  }
}

function decodeGreeting(body: Uint8Array): Greeting {
  return {
    version: body[1]!,
    proof: idFromBytes(body.slice(2, 2 + PROOF_BYTES)),
    incarnation: hex(body.subarray(2 + PROOF_BYTES, 2 + PROOF_BYTES + INCARNATION_BYTES)),
  }
}

function attemptIn(body: Uint8Array): number {
  const attempt = new DataView(body.buffer, body.byteOffset).getBigUint64(ATTEMPT_AT)
  if (attempt > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`a hello with the number ${attempt}`)
  return Number(attempt)
}

function need(body: Uint8Array, bytes: number): void {
  if (body.byteLength < bytes) throw new Error(`a control frame of ${body.byteLength} bytes where ${bytes} are needed`)
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
