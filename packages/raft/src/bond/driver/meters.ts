import { CloseReasons } from '@mosaik/core'
import type { Counter, Gauge, Metrics } from '@mosaik/core'
import { GroupCloseReasons } from '../wire/protocol.ts'

/** Peers make up names; only these get series of their own. */
const NAMES: ReadonlySet<string> = new Set([...Object.values(CloseReasons), ...Object.values(GroupCloseReasons)].map(({ name }) => name))

/** What bonds count. Labels: the network, and why. */
export class BondMeters {
  readonly bonds: Gauge
  /** Groups on bonds: pairs of a group and a peer. */
  readonly shares: Gauge
  readonly invalidProofs: Counter
  /** Peers kept out of a group by their tickets, for each new reason. */
  readonly refusedTickets: Counter
  /** Frames that groups wanted to send and for which there was no room. */
  readonly lostFrames: Counter
  readonly heartbeats: Counter
  readonly sentBytes: Counter
  readonly receivedBytes: Counter
  readonly dials: Counter
  /** Peers with the key of a group that are in another one. */
  readonly misfits: Counter
  readonly #metrics: Metrics
  readonly #network: string

  constructor(metrics: Metrics, network: string) {
    this.#metrics = metrics
    this.#network = network
    const labels = { network }
    this.bonds = metrics.gauge('mosaik.groups.bonds.active', labels)
    this.shares = metrics.gauge('mosaik.groups.bonds.groups', labels)
    this.invalidProofs = metrics.counter('mosaik.groups.proofs.invalid', labels)
    this.refusedTickets = metrics.counter('mosaik.groups.tickets.refused', labels)
    this.lostFrames = metrics.counter('mosaik.groups.frames.lost', labels)
    this.heartbeats = metrics.counter('mosaik.groups.heartbeats.sent', labels)
    this.sentBytes = metrics.counter('mosaik.groups.bytes.sent', labels)
    this.receivedBytes = metrics.counter('mosaik.groups.bytes.received', labels)
    this.dials = metrics.counter('mosaik.groups.dials', labels)
    this.misfits = metrics.counter('mosaik.groups.misfits', labels)
  }

  /** A bond has ended, for this reason. */
  ended(name: string): void {
    this.#metrics.counter('mosaik.groups.bonds.ended', this.#because(name)).add()
  }

  /** A group was refused or ended on a bond, here or there, for this reason. */
  groupEnded(name: string): void {
    this.#metrics.counter('mosaik.groups.bonds.groups.ended', this.#because(name)).add()
  }

  #because(name: string): { readonly network: string; readonly reason: string } {
    return { network: this.#network, reason: NAMES.has(name) ? name : 'other' }
  }
}
