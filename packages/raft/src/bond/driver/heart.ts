import { violation } from '../wire/frames.ts'
import type { Beat, Status } from '../wire/frames.ts'
import { MAX_STATUSES } from '../wire/protocol.ts'
import type { BondContext } from './context.ts'
import { Pulse } from './pulse.ts'
import type { Session } from './session.ts'

/** The bond, as its heart needs it. */
export interface HeartHost {
  /** The side that sends heartbeats by the clock; the other one answers each. */
  readonly isPacer: boolean
  /** Groups that are up. */
  readonly up: Session[]
  /** Undefined for one that has ended; throws for one that never was. */
  sessionOf(n: number): Session | undefined
  onStatus(session: Session, status: Uint8Array): void
  /** The peer has answered nothing for too long, for this group. */
  onSilence(session: Session, ms: number): void
  /** There is a heartbeat to send. */
  onDue(): void
}

/** The heartbeats of one bond: what goes with them, and what their absence means. */
export class Heart {
  readonly #context: BondContext
  readonly #host: HeartHost
  readonly #pulse: Pulse
  /** Groups that have a status to tell. */
  readonly #news = new Set<Session>()
  #isDue = false

  constructor(context: BondContext, host: HeartHost) {
    this.#context = context
    this.#host = host
    this.#pulse = new Pulse(context.clock, context.prng, () => this.#onTick())
  }

  /** A group is up; a handshake is as good as a heartbeat. */
  join(session: Session): void {
    this.#pulse.silence.heard(this.#context.clock.monotonic())
    if (session.party.status !== undefined) this.#news.add(session)
    this.retime()
    if (this.#host.isPacer && this.#host.up.length === 1) this.#due()
  }

  leave(session: Session): void {
    this.#news.delete(session)
    this.retime()
  }

  status(session: Session): void {
    this.#news.add(session)
  }

  retime(): void {
    this.#pulse.retime(this.#host.up.map(({ party }) => party.timing))
  }

  stop(): void {
    this.#pulse.stop()
  }

  /** A heartbeat of the peer. Answers when the one was sent that it is the first to acknowledge. Throws `ERR_PROTOCOL`. */
  received(beat: Beat): number | undefined {
    const sentAt = this.#pulse.silence.received(beat)
    if (sentAt === 'impossible') throw violation('a heartbeat out of order')
    for (const { n, status } of beat.statuses) {
      const session = this.#host.sessionOf(n)
      if (session === undefined) continue
      if (!session.isUp) throw violation('a status before the handshake')
      this.#host.onStatus(session, status)
    }
    if (!this.#host.isPacer) this.#due()
    return sentAt
  }

  /** What is due, saying what is so now. At most one waits. */
  next(): Beat | undefined {
    if (!this.#isDue) return undefined
    this.#isDue = false
    const statuses: Status[] = []
    for (const session of this.#news) {
      if (statuses.length === MAX_STATUSES) break
      this.#news.delete(session)
      statuses.push({ n: session.n, status: session.party.status ?? new Uint8Array(0) })
    }
    this.#context.meters.heartbeats.add()
    return { type: 'beat', ...this.#pulse.silence.next(this.#context.clock.monotonic()), statuses }
  }

  #onTick(): void {
    const { ms } = this.#pulse.silence
    for (const session of this.#host.up) if (ms >= session.party.deadlineMs) this.#host.onSilence(session, ms)
    if (this.#host.isPacer) this.#due()
  }

  #due(): void {
    this.#isDue = true
    this.#host.onDue()
  }
}
