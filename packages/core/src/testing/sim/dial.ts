import { MosaikError } from '../../check/error.ts'
import type { NetworkId, PeerId } from '../../id/types.ts'
import { connectEnds, type End, type EndOwner } from './connection.ts'
import type { Host } from './host.ts'
import type { Medium } from './medium.ts'

/** An endpoint, as dials see it. */
export interface Party extends EndOwner {
  readonly host: Host
  readonly networkId: NetworkId
  /** False once it closes: it answers nobody. */
  readonly isOpen: boolean
  /** The end of a connection to `peer` that it believes to be alive. */
  liveEnd(peer: PeerId): End | undefined
  /** True while it waits for `peer` itself, who has answered, to let it in. */
  isAnsweredBy(peer: PeerId): boolean
  /** Takes a verified connection, in place of an older one to the same peer. */
  adopt(end: End): void
  /** Somebody of another network was turned away. */
  onForeigner(peer: PeerId): void
}

const RETRY_MS = 1000
/** An address that has not answered for so long is given up. */
export const DIAL_MS = 5000
const HANDSHAKE_BYTES = 1200

/**
 * One dial of one address: hello → answer (who is there) → proof (which network) → welcome, two round trips. What is
 * lost is sent again every second. Of two dials in opposite directions the one by the smaller id survives.
 */
export class Attempt {
  readonly #medium: Medium
  readonly #from: Party
  readonly #address: string
  readonly #expected: PeerId | undefined
  readonly #find: () => Party | undefined
  readonly #outcome = Promise.withResolvers<End>()
  readonly #stopTimers: (() => void)[] = []
  #answeredBy: PeerId | undefined
  #settled = false

  constructor(medium: Medium, from: Party, address: string, expected: PeerId | undefined, find: () => Party | undefined) {
    this.#medium = medium
    this.#from = from
    this.#address = address
    this.#expected = expected
    this.#find = find
    this.#outcome.promise.catch(() => undefined) // those who wait for it are told
    this.#later(DIAL_MS, () => this.fail('ERR_UNREACHABLE', `nobody answered at ${address} within ${DIAL_MS} ms`))
    this.#hello()
  }

  get outcome(): Promise<End> {
    return this.#outcome.promise
  }

  get answeredBy(): PeerId | undefined {
    return this.#answeredBy
  }

  /** A connection to this peer is what the dial is for. */
  wants(peer: PeerId): boolean {
    return (this.#expected ?? this.#answeredBy) === peer
  }

  succeed(end: End): void {
    this.#settle()
    this.#outcome.resolve(end)
  }

  fail(code: 'ERR_UNREACHABLE' | 'ERR_DIFFERENT_NETWORK' | 'ERR_CLOSED', message: string): void {
    this.#settle()
    this.#outcome.reject(new MosaikError(code, message))
  }

  #settle(): void {
    this.#settled = true
    for (const stop of this.#stopTimers.splice(0)) stop()
  }

  #later(ms: number, task: () => void): void {
    const { host } = this.#from
    const event = host.after(ms, 'dial', task)
    this.#stopTimers.push(() => host.cancel(event))
  }

  #hello(): void {
    const there = this.#find()
    if (there !== undefined) {
      this.#message(
        'hello',
        this.#from,
        there,
        () => there.isOpen && this.#message('answer', there, this.#from, () => this.#onAnswer(there)),
      )
    }
    this.#later(RETRY_MS, () => this.#hello())
  }

  #onAnswer(there: Party): void {
    if (this.#settled) return
    const { id } = this.#from
    if (there.id === id) return this.fail('ERR_UNREACHABLE', `${this.#address} is this node itself`)
    if (this.#expected !== undefined && there.id !== this.#expected) {
      return this.fail('ERR_UNREACHABLE', `${this.#address} is ${there.id}, not ${this.#expected}`)
    }
    const live = this.#from.liveEnd(there.id)
    if (live !== undefined) return this.succeed(live)
    this.#answeredBy = there.id
    this.#message('proof', this.#from, there, () => this.#judge(there))
  }

  /** At the other side: lets the dialer in, or not. */
  #judge(there: Party): void {
    const from = this.#from
    if (!there.isOpen) return
    if (there.networkId !== from.networkId) {
      there.onForeigner(from.id)
      this.#message('refusal', there, from, () => {
        if (!this.#settled) this.fail('ERR_DIFFERENT_NETWORK', `${there.id} at ${this.#address} is in a different network`)
      })
      return
    }
    const existing = there.liveEnd(from.id)
    if (existing?.other.state === 'alive' && existing.other.host === from.host) {
      this.#message('known', there, from, () => this.#useExisting(there.id))
    } else if (there.id > from.id || !there.isAnsweredBy(from.id)) {
      this.#letIn(there)
    }
  }

  #useExisting(peer: PeerId): void {
    const live = this.#from.liveEnd(peer)
    if (!this.#settled && live !== undefined) this.succeed(live)
  }

  #letIn(there: Party): void {
    const from = this.#from
    const [near, far] = connectEnds(this.#medium, [from, from.host], [there, there.host])
    far.state = 'alive'
    const arrival = this.#message('welcome', there, from, () => {
      if (from.isOpen && !this.#settled && far.state === 'alive') {
        near.state = 'alive'
        from.adopt(near)
        near.reassess()
        this.succeed(near)
      } else {
        near.state = 'dead'
      }
      far.reassess()
    })
    far.floor = arrival ?? 0
    there.adopt(far)
    far.reassess()
  }

  #message(kind: string, from: Party, to: Party, task: () => void): number | undefined {
    return this.#medium.datagram(from.host, to.host, kind, HANDSHAKE_BYTES, task)
  }
}
