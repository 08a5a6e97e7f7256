import type { Clock, Logger } from '@mosaik/core'
import { sizeOf } from '../logic/entry.ts'
import type { CommandsData, Entry } from '../logic/entry.ts'
import type { Proposal } from '../logic/messages.ts'
import type { Index, LineageId } from '../logic/types.ts'

/** Proposed at a time; the next go out when these are known to be applied, so that the order stays. */
const CHUNK_BATCHES = 256
const CHUNK_BYTES = 1024 * 1024

export interface ResubmissionInit {
  readonly clock: Clock
  readonly logger: Logger
  /** One try takes this long, ms. */
  readonly tryTimeout: number
  readonly propose: (proposals: readonly Proposal[]) => void
}

/** What a member had of a lineage that has lost. */
export interface LostHistory {
  readonly lineage: LineageId
  /** Entries up to here came from its parent. */
  readonly inherited: Index
  readonly entries: readonly Entry[]
}

/**
 * Proposes to the lineage that prevailed what the lost one had: in order, each batch once, however many members of the lost lineage do
 * the same. A batch goes by the name of its lineage and its index there, as a session and a number that the replicated table of sessions
 * knows to drop when it comes again. What may be in the winner already, because both had it from one parent, keeps its own session and
 * number; when that session is forgotten nobody can tell any more, and the batch is given up, with a log line.
 */
export class Resubmission {
  readonly #init: ResubmissionInit
  #batches: CommandsData[] = []
  /** Of the first batches, those that have not been seen applied since they were proposed. */
  readonly #awaited = new Map<string, CommandsData>()
  #triedAt: number | undefined
  #isLed = false

  constructor(init: ResubmissionInit) {
    this.#init = init
  }

  /** Batches that are not known to have been applied. */
  get size(): number {
    return this.#awaited.size + this.#batches.length
  }

  add({ lineage, inherited, entries }: LostHistory): void {
    this.#batches = [...this.#awaited.values(), ...this.#batches]
    this.#awaited.clear()
    this.#triedAt = undefined
    for (const { index, data } of entries) {
      if (data.kind === 'commands') this.#batches.push(isResubmitted(data) || index <= inherited ? data : renamed(data, lineage, index))
    }
    this.#init.logger.info('%d batches of the lost history %s are proposed again', this.#batches.length, lineage)
  }

  led(isLed: boolean): void {
    this.#isLed = isLed
    this.#triedAt = undefined
    this.tick()
  }

  /** The member is over. */
  close(): void {
    if (this.size > 0)
      this.#init.logger.warn('%d batches of a lost history have not been seen applied: the group has ended here', this.size)
  }

  /** A batch has been applied, now or before. */
  applied(session: string, number: number): void {
    if (this.#awaited.size > 0 && this.#awaited.delete(keyOf(session, number)) && this.#awaited.size === 0) this.#proposeNext()
  }

  /** Whether any batch of this session has been applied is not known any more. */
  expired(session: string): void {
    if (this.size === 0) return
    const before = this.size
    for (const [key, data] of this.#awaited) if (data.session === session) this.#awaited.delete(key)
    this.#batches = this.#batches.filter((data) => data.session !== session)
    const lost = before - this.size
    if (lost > 0)
      this.#init.logger.warn('%d batches of a lost history are not proposed again: their session %s is forgotten', lost, session)
    if (lost > 0 && this.#awaited.size === 0) this.#proposeNext()
  }

  /** Time has passed: what has not been seen applied goes out again. */
  tick(): void {
    if (!this.#isLed || this.size === 0) return
    const now = this.#init.clock.monotonic()
    if (this.#triedAt !== undefined && now - this.#triedAt < this.#init.tryTimeout) return
    if (this.#awaited.size === 0) this.#proposeNext()
    else this.#propose([...this.#awaited.values()])
  }

  #proposeNext(): void {
    let bytes = 0
    let count = 0
    for (const data of this.#batches) {
      bytes += sizeOf(data)
      if (count > 0 && (count === CHUNK_BATCHES || bytes > CHUNK_BYTES)) break
      count++
      this.#awaited.set(keyOf(data.session, data.number), data)
    }
    this.#batches.splice(0, count)
    if (this.#isLed && count > 0) this.#propose([...this.#awaited.values()])
  }

  #propose(batches: readonly CommandsData[]): void {
    this.#triedAt = this.#init.clock.monotonic()
    const begun = new Set<string>()
    const proposals: Proposal[] = []
    for (const data of batches) {
      const { session } = data
      const first = begun.has(session) ? {} : ({ again: true } as const)
      if (!begun.has(session) && isResubmitted(data)) proposals.push({ id: 0, data: { kind: 'session-open', session }, ...first })
      begun.add(session)
      proposals.push({ id: 0, data, ...first })
    }
    this.#init.propose(proposals)
  }
}

const LINEAGE_ID = /^[0-9a-f]{64}$/

/** Sessions of members are named otherwise. */
function isResubmitted({ session }: CommandsData): boolean {
  return LINEAGE_ID.test(session)
}

function renamed({ payloads }: CommandsData, lineage: LineageId, index: Index): CommandsData {
  return { kind: 'commands', session: lineage, number: index, lowWater: 0, payloads }
}

function keyOf(session: string, number: number): string {
  return `${session} ${number}`
}
