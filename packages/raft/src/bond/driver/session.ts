import type { Handshake } from '../logic/handshake.ts'
import type { Party } from './party.ts'

/** One opening of one group on one bond. */
export class Session {
  readonly n: number
  readonly party: Party
  readonly handshake: Handshake
  /** The peer is an observer in this group. */
  peerObserves: boolean
  /** When it came up, by the monotonic clock. */
  upAt: number | undefined
  cancelTimeout: () => void = () => {}
  cancelExpiry: () => void = () => {}

  constructor(n: number, party: Party, handshake: Handshake, peerObserves: boolean) {
    this.n = n
    this.party = party
    this.handshake = handshake
    this.peerObserves = peerObserves
  }

  get isUp(): boolean {
    return this.upAt !== undefined
  }

  stop(): void {
    this.cancelTimeout()
    this.cancelExpiry()
  }
}
