import { seededPrng } from '../../random/seeded.ts'
import type { Prng } from '../../random/prng.ts'
import type { Host } from './host.ts'

/** How one way between two machines behaves. */
export interface PathShape {
  /** One way, microseconds. */
  readonly latency: number
  /** Share of the latency by which a message may be later, 0 to 1. */
  readonly jitter: number
  /** Bytes per second. */
  readonly bandwidth: number
  /** Share of messages that are lost once and sent again one round trip later, 0 to 1. */
  readonly loss: number
}

interface Path {
  shape: PathShape
  readonly prng: Prng
  /** When the last byte handed to it has left, microseconds. */
  busyUntil: number
}

export interface Block {
  stops(from: Host, to: Host): boolean
}

export interface NetworkOptions {
  readonly seed: string
  readonly latency: { readonly min: number; readonly max: number }
  readonly jitter: number
  readonly bandwidth: number
  readonly loss: number
}

/** The wires: who can reach whom, and how long it takes. Machines are told apart by address. */
export class Network {
  readonly #paths = new Map<string, Path>()
  readonly #blocks = new Set<Block>()
  readonly #options: NetworkOptions

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  isBlocked(from: Host, to: Host): boolean {
    for (const block of this.#blocks) if (block.stops(from, to)) return true
    return false
  }

  block(block: Block): void {
    this.#blocks.add(block)
  }

  unblock(block?: Block): void {
    if (block === undefined) this.#blocks.clear()
    else this.#blocks.delete(block)
  }

  /** Changes both ways between two machines; undefined values keep what is drawn from the seed. */
  reshape(a: Host, b: Host, change: Partial<PathShape>): void {
    for (const path of [this.#path(a, b), this.#path(b, a)]) path.shape = { ...path.shape, ...change }
  }

  /** When `size` bytes that leave `from` at `now` are at `to`. */
  arrival(from: Host, to: Host, size: number, now: number): number {
    const path = this.#path(from, to)
    const { latency, jitter, bandwidth, loss } = path.shape
    path.busyUntil = Math.max(path.busyUntil, now) + (size / bandwidth) * 1e6
    const again = loss > 0 && path.prng.float() < loss ? 2 * latency : 0
    return Math.ceil(path.busyUntil + latency * (1 + jitter * path.prng.float()) + again)
  }

  /** Microseconds there and back, without jitter. */
  roundTrip(a: Host, b: Host): number {
    return this.#path(a, b).shape.latency + this.#path(b, a).shape.latency
  }

  #path(from: Host, to: Host): Path {
    const key = `${from.address} ${to.address}`
    let path = this.#paths.get(key)
    if (path === undefined) {
      path = { shape: this.#draw(from.address, to.address), prng: seededPrng(`${this.#options.seed} path ${key}`), busyUntil: 0 }
      this.#paths.set(key, path)
    }
    return path
  }

  /** Both ways of a pair have one latency, drawn from the seed and the addresses alone. */
  #draw(from: string, to: string): PathShape {
    const { seed, latency, jitter, bandwidth, loss } = this.#options
    const pair = seededPrng(`${seed} pair ${[from, to].sort().join(' ')}`)
    return { latency: latency.min + pair.float() * (latency.max - latency.min), jitter, bandwidth, loss }
  }
}
