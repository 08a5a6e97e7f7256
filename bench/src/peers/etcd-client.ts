import { connect } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'

// gRPC is HTTP/2 with five bytes in front of a message. A client of our own costs etcd less than a general one would.

const FRAME_HEADER = 5
const WINDOW_BYTES = 16 * 1024 * 1024
/** Field numbers and wire types of the messages used, as etcd's `rpc.proto` gives them. */
const BYTES = 2
const KEY = 1
const VALUE = 2
const SERIALIZABLE = 7
const PEER_URLS = 1
const IS_LEARNER = 2
const HEADER = 1
const MEMBER_ID = 2
const LEADER = 4
const APPLIED_INDEX = 7

export interface EtcdStatus {
  readonly member: bigint
  /** 0: none known. */
  readonly leader: bigint
  readonly applied: bigint
}

/** What the benchmarks ask of one etcd member, on one connection. Everything rejects once that is lost. */
export class EtcdClient {
  readonly #session: ClientHttp2Session

  constructor(port: number) {
    this.#session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: WINDOW_BYTES } })
    this.#session.on('error', () => {}) // each request is told
    this.#session.on('connect', () => {
      if (!this.#session.destroyed) this.#session.setLocalWindowSize(WINDOW_BYTES)
    })
  }

  async put(key: Uint8Array, value: Uint8Array, timeoutMs?: number): Promise<void> {
    await this.#call('/etcdserverpb.KV/Put', [field(KEY, key), field(VALUE, value)], timeoutMs)
  }

  /** Linearizable, unless `serializable`. */
  async get(key: Uint8Array, serializable = false): Promise<void> {
    const flags = serializable ? [Buffer.from([SERIALIZABLE << 3, 1])] : []
    await this.#call('/etcdserverpb.KV/Range', [field(KEY, key), ...flags])
  }

  async status(timeoutMs?: number): Promise<EtcdStatus> {
    const answer = fieldsOf(await this.#call('/etcdserverpb.Maintenance/Status', [], timeoutMs))
    const header = fieldsOf(answer.get(HEADER) as Uint8Array)
    const number = (value: unknown): bigint => (typeof value === 'bigint' ? value : 0n)
    return { member: number(header.get(MEMBER_ID)), leader: number(answer.get(LEADER)), applied: number(answer.get(APPLIED_INDEX)) }
  }

  async addLearner(peerUrl: string): Promise<void> {
    const request = [field(PEER_URLS, Buffer.from(peerUrl)), Buffer.from([IS_LEARNER << 3, 1])]
    await this.#call('/etcdserverpb.Cluster/MemberAdd', request)
  }

  close(): void {
    this.#session.destroy()
  }

  #call(path: string, parts: readonly Uint8Array[], timeoutMs?: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const body = Buffer.concat([Buffer.alloc(FRAME_HEADER), ...parts])
      body.writeUInt32BE(body.length - FRAME_HEADER, 1)
      const request = this.#session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
      const chunks: Buffer[] = []
      let status: unknown
      const note = (headers: Readonly<Record<string, unknown>>): void => void (status ??= headers['grpc-status'])
      request.on('response', note).on('trailers', note)
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('error', reject)
      request.on('close', () => {
        if (status === '0') resolve(Buffer.concat(chunks).subarray(FRAME_HEADER))
        else reject(new Error(`etcd: ${path} ended with status ${String(status)}`))
      })
      if (timeoutMs !== undefined) request.setTimeout(timeoutMs, () => request.destroy(new Error(`etcd: no answer to ${path} in time`)))
      request.end(body)
    })
  }
}

function field(number: number, value: Uint8Array): Buffer {
  const head = [(number << 3) | BYTES]
  let { length } = value
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80)
  return Buffer.concat([Buffer.from([...head, length]), value])
}

/** The last value of each field: varints as numbers, everything else as bytes. */
function fieldsOf(message: Uint8Array): Map<number, bigint | Uint8Array> {
  const fields = new Map<number, bigint | Uint8Array>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = Number(varint())
    if ((tag & 7) !== BYTES) {
      fields.set(tag >> 3, varint())
      continue
    }
    const length = Number(varint())
    fields.set(tag >> 3, message.subarray(at, at + length))
    at += length
  }
  return fields
}
