import { canonical, decodeCanonical } from '@mosaik/core'
import type { BatchOutcome, StoredSession } from '../logic/sessions.ts'
import type { SnapshotItem, SnapshotSource } from '../types.ts'
import { count, listOf, malformed } from '../wire/shape.ts'
import type { Shape } from '../wire/shape.ts'
import type { MachineHost } from './machine-host.ts'

const NUMBER_BYTES = 8
const MAX_REPLIES = 1 << 20

const bytes: Shape<Uint8Array> = (value, what) => {
  if (!(value instanceof Uint8Array)) throw malformed(what)
  return value
}
const repliesShape = listOf(bytes, MAX_REPLIES)

type Replies = Pick<MachineHost, 'encodeReply' | 'decodeReply'>

/**
 * Sessions as items of a snapshot. A session: its name (length u8, UTF-8) → `[lastUsed, lowWater]`; behind it its outcomes: name and number
 * (u64) → `[index, [reply]]`. Values are canonical CBOR, made when they are read: a view costs nothing.
 */
export function sessionSource(stored: readonly StoredSession[], replies: Replies): SnapshotSource {
  const sessions = stored.map((session) => ({ ...session, key: nameKey(session.session) })).sort((a, b) => Buffer.compare(a.key, b.key))
  const total = stored.reduce((sum, { outcomes }) => sum + 1 + outcomes.length, 0)
  return {
    count: total,
    *items(from?: Uint8Array): Generator<SnapshotItem, void, undefined> {
      const isBefore = (key: Uint8Array): boolean => from !== undefined && Buffer.compare(key, from) < 0
      for (const [i, { key, lastUsed, lowWater, outcomes }] of sessions.entries()) {
        const next = sessions[i + 1]
        if (next !== undefined && from !== undefined && Buffer.compare(next.key, from) <= 0) continue
        if (!isBefore(key)) yield [key, canonical([lastUsed, lowWater])]
        for (const { number, outcome } of outcomes) {
          const outcomeKey = numberKey(key, number)
          if (!isBefore(outcomeKey)) yield [outcomeKey, encodeOutcome(outcome, replies)]
        }
      }
    },
  }
}

/** Puts sessions together from their items. */
export class SessionReceiver {
  readonly #replies: Replies
  readonly #sessions: (Omit<StoredSession, 'outcomes'> & { outcomes: { number: number; outcome: BatchOutcome }[] })[] = []

  constructor(replies: Replies) {
    this.#replies = replies
  }

  get sessions(): readonly StoredSession[] {
    return this.#sessions
  }

  /** Throws `ERR_PROTOCOL`. */
  add(items: readonly SnapshotItem[]): void {
    for (const [key, value] of items) {
      const nameEnd = 1 + (key[0] ?? 0)
      if (key.length === nameEnd) {
        const [lastUsed, lowWater] = pair(decodeCanonical(value), 'session')
        const session = Buffer.from(key.buffer, key.byteOffset + 1, key.length - 1).toString('utf8')
        this.#sessions.push({ session, lastUsed: count(lastUsed, 'session'), lowWater: count(lowWater, 'session'), outcomes: [] })
      } else {
        const last = this.#sessions.at(-1)
        if (last === undefined || key.length !== nameEnd + NUMBER_BYTES) throw malformed('session: an outcome without a session')
        const number = Number(Buffer.from(key.buffer, key.byteOffset + nameEnd, NUMBER_BYTES).readBigUInt64BE())
        last.outcomes.push({ number, outcome: decodeOutcome(value, this.#replies) })
      }
    }
  }
}

function nameKey(name: string): Uint8Array {
  const text = Buffer.from(name, 'utf8')
  return Buffer.concat([Buffer.of(text.length), text])
}

function numberKey(name: Uint8Array, number: number): Uint8Array {
  const key = Buffer.alloc(name.length + NUMBER_BYTES)
  key.set(name)
  key.writeBigUInt64BE(BigInt(number), name.length)
  return key
}

function encodeOutcome({ index, replies }: BatchOutcome, codec: Replies): Uint8Array {
  return canonical([index, replies.map((reply) => codec.encodeReply(reply))])
}

function decodeOutcome(value: Uint8Array, codec: Replies): BatchOutcome {
  const [index, replies] = pair(decodeCanonical(value), 'outcome')
  return { index: count(index, 'outcome'), replies: repliesShape(replies, 'outcome').map((reply) => codec.decodeReply(reply)) }
}

function pair(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== 2) throw malformed(what)
  return value
}
