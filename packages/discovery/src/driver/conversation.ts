import { CloseReasons, createLink, MosaikError } from '@mosaik/core'
import type { ByteStream, Clock, CloseReason, ErrorCode, Link } from '@mosaik/core'
import { MAX_SYNC_MESSAGE_BYTES, PAGE_BYTES, PAGE_STATEMENTS } from '../wire/limits.ts'
import type { Parcel, Wanted } from '../logic/delta.ts'
import { ClockSkew } from '../wire/protocols.ts'
import { toWire } from '../wire/statement.ts'
import type { WireStatement } from '../wire/statement.ts'
import { decodeSync, encodeSync } from '../wire/sync.ts'
import type { SyncMessage } from '../wire/sync.ts'
import type { Meters } from './meters.ts'

/** How long the other side may take for its next message. */
const SILENCE_MS = 10_000

type Page = Extract<SyncMessage, { type: 'statements' }>

/** One exchange of the sync protocol over one link, in typed messages. */
export class Conversation {
  readonly link: Link
  readonly #clock: Clock
  readonly #meters: Meters
  readonly #signal: AbortSignal

  constructor(stream: ByteStream, clock: Clock, meters: Meters, signal: AbortSignal) {
    this.#clock = clock
    this.#meters = meters
    this.#signal = signal
    this.link = createLink(stream, { clock, maxMessageBytes: MAX_SYNC_MESSAGE_BYTES, firstMessageMs: SILENCE_MS })
  }

  async send(message: SyncMessage): Promise<void> {
    const bytes = encodeSync(message)
    this.#meters.messagesSent.add()
    this.#meters.bytesSent.add(bytes.length)
    if (this.link.send(bytes) || this.link.ended !== undefined) return
    await new Promise<void>((resolve) => {
      this.link.onReady = resolve
      void this.link.closed.then(() => resolve())
    })
  }

  /** The next message, which must be of one of these types. */
  async receive<T extends SyncMessage['type']>(...types: readonly T[]): Promise<Extract<SyncMessage, { type: T }>> {
    const cancel = this.#clock.after(SILENCE_MS, () =>
      this.link.abort({ ...CloseReasons.Timeout, detail: `no message within ${SILENCE_MS} ms` }),
    )
    try {
      const bytes = await this.link.receive({ signal: this.#signal })
      this.#meters.bytesReceived.add(bytes.length)
      const message = decodeSync(bytes)
      if (!(types as readonly string[]).includes(message.type))
        throw new MosaikError('ERR_PROTOCOL', `${message.type} instead of ${types.join(' or ')}`)
      return message as Extract<SyncMessage, { type: T }>
    } finally {
      cancel()
    }
  }

  /** The other side has the last word: waits until it has ended the link, but not for long. */
  async finished(): Promise<void> {
    const cancel = this.#clock.after(SILENCE_MS, () => this.link.abort(CloseReasons.Timeout))
    await this.link.closed
    cancel()
  }

  /** Sends statements in pages; the last one says what is wanted in return. */
  async sendPages(parcels: readonly Parcel[], wanted: readonly Wanted[] = []): Promise<void> {
    let statements: WireStatement[] = []
    let size = 0
    for (const { statement, withDetails } of parcels) {
      const wire = toWire(statement, withDetails)
      const bytes = wire[0].length + wire[1].length + (wire[2]?.length ?? 0)
      if (statements.length > 0 && (statements.length >= PAGE_STATEMENTS || size + bytes > PAGE_BYTES)) {
        await this.send({ type: 'statements', more: true, wanted: [], statements })
        statements = []
        size = 0
      }
      statements.push(wire)
      size += bytes
    }
    await this.send({ type: 'statements', more: false, wanted, statements })
  }

  /** Receives pages until the last one, whose wishes it answers. `first` is a page that has come already. */
  async receivePages(
    take: (statements: readonly WireStatement[]) => void,
    maxStatements: number,
    first?: Page,
  ): Promise<readonly Wanted[]> {
    let page = first ?? (await this.receive('statements'))
    let count = 0
    for (;;) {
      count += page.statements.length
      if (count > maxStatements || (page.more && page.statements.length === 0))
        throw new MosaikError('ERR_PROTOCOL', 'more pages than there can be')
      take(page.statements)
      if (!page.more) return page.wanted
      page = await this.receive('statements')
    }
  }
}

/** What to tell the other side about an exchange that failed here. */
export function reasonFor(error: unknown): CloseReason {
  if (MosaikError.is(error, 'ERR_PROTOCOL')) return { ...CloseReasons.ProtocolViolation, detail: error.message }
  if (MosaikError.is(error, 'ERR_TIMEOUT')) return { ...CloseReasons.Timeout, detail: error.message }
  if (MosaikError.is(error, 'ERR_CLOCK_SKEW')) return { ...ClockSkew, detail: error.message }
  return CloseReasons.Cancelled
}

/** An exchange that failed, as an error that names the peer and says what happened. */
export function explain(error: unknown, what: string, peer: string): Error {
  const reason = MosaikError.is(error, 'ERR_CLOSED') ? (error.value as CloseReason | undefined) : undefined
  if (reason === undefined || typeof reason.code !== 'number') {
    return MosaikError.is(error, 'ERR_PROTOCOL')
      ? new MosaikError('ERR_PROTOCOL', `${what} ${peer} failed: it sent ${error.message}`, { cause: error })
      : (error as Error)
  }
  const detail = reason.detail === undefined ? '' : ` (${reason.detail})`
  return new MosaikError(codeOf(reason), `${what} ${peer} failed: the link ended with ${reason.code} ${reason.name}${detail}`, {
    value: reason,
  })
}

function codeOf(reason: CloseReason): ErrorCode {
  switch (reason.code) {
    case CloseReasons.Timeout.code:
      return 'ERR_TIMEOUT'
    case CloseReasons.DifferentNetwork.code:
      return 'ERR_DIFFERENT_NETWORK'
    case CloseReasons.ProtocolViolation.code:
      return 'ERR_PROTOCOL'
    case ClockSkew.code:
      return 'ERR_CLOCK_SKEW'
    default:
      return 'ERR_UNREACHABLE'
  }
}
