import type { Host } from './host.ts'
import type { Network } from './network.ts'
import type { Timeline } from './timeline.ts'
import { digestBytes, type RunningTrace } from './trace.ts'

/** What all endpoints of a world share: time, wires, trace, and how long silence takes to be noticed. */
export class Medium {
  readonly timeline: Timeline
  readonly network: Network
  readonly trace: RunningTrace
  readonly #idleMs: number

  constructor(timeline: Timeline, network: Network, trace: RunningTrace, idleMs: number) {
    this.timeline = timeline
    this.network = network
    this.trace = trace
    this.#idleMs = idleMs
  }

  /** A single message outside of any connection: lost when the way is cut. Answers when it arrives, or undefined. */
  datagram(from: Host, to: Host, kind: string, size: number, task: () => void): number | undefined {
    const { network, timeline, trace } = this
    if (from.state !== 'running' || network.isBlocked(from, to)) return undefined
    const at = network.arrival(from, to, size, timeline.now)
    timeline.at(at, to, kind, () => {
      trace.note({ time: timeline.now, kind, from: from.label, to: to.label, size, digest: 0 })
      task()
    })
    return at
  }

  /** Silence after which a connection is given up, up to a seventh more (a keep-alive may be under way). */
  idleMs(host: Host): number {
    return this.#idleMs * (1 + host.prng.float() / 7)
  }

  /** A living process that does not know the connection says so at the next keep-alive, within a second. */
  refusedMs(a: Host, b: Host): number {
    return this.network.roundTrip(a, b) / 1000 + a.prng.float() * 1000
  }

  /** Writes what was done to the world into its trace. */
  record(kind: string, from: string, to = '', detail = ''): void {
    this.trace.note({ time: this.timeline.now, kind, from, to, size: 0, digest: digestBytes(new TextEncoder().encode(detail)) })
  }
}
