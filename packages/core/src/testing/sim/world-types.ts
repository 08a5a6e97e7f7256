import type { SecretKey } from '../../id/types.ts'
import type { Endpoint } from '../../net/endpoint.ts'
import type { Logger } from '../../observe/logger.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { Prng } from '../../random/prng.ts'
import type { Clock } from '../../time/clock.ts'
import type { Duration } from '../../time/duration.ts'
import type { SimDisk } from './disk.ts'
import type { Trace } from './trace.ts'

export interface SimWorldOptions {
  /** Decides everything that is left to chance: keys, latencies, jitter, the numbers of every endpoint's `prng`. */
  readonly seed: string | number | bigint
  /** One way; each pair of machines draws its own. Default 1 to 20 ms. */
  readonly latency?: { readonly min: Duration; readonly max: Duration }
  /** Share of its latency by which a message may come later, 0 to 1. Default 0.1. */
  readonly jitter?: number
  /** Bytes per second, for each way of each pair. Default 125 000 000 (1 Gbit/s). */
  readonly bandwidth?: number
  /** Share of messages that need a second attempt, one round trip later, 0 to 1. Default 0. */
  readonly loss?: number
  /** Silence after which a connection is given up; up to a seventh is added by chance. Default 3.2 s. */
  readonly idleTimeout?: Duration
  /** All machines are on one local network that shows its nodes to each other (`rendezvous.onLocalPeer`). Default false. */
  readonly lan?: boolean
  /** What wall clocks show at the beginning, ms since the epoch. Default 2026-01-01. */
  readonly startAt?: number
  /** Newest lines of the trace that are kept to be read. Default 100. */
  readonly traceLines?: number
}

export interface SimEndpointOptions {
  /** Default: drawn from the seed. */
  readonly secretKey?: SecretKey
  /** Where it listens, without a peer id; free text shaped like a multiaddr. Default `/ip4/127.0.0.1/udp/<port>/quic-v1`. */
  readonly address?: string
  /** What its wall clock shows too much; negative numbers (ms) for too little. Default 0. */
  readonly clockSkew?: Duration
  /** Its name in the trace. Default `n1`, `n2`, … */
  readonly label?: string
  /** True for a node that the public table can be reached from. Default false. */
  readonly online?: boolean
  readonly logger?: Logger
  readonly metrics?: Metrics
}

/** One way of a path between two machines. */
export interface PathOptions {
  readonly latency?: Duration
  readonly jitter?: number
  readonly bandwidth?: number
  readonly loss?: number
}

export type Group = Endpoint | readonly Endpoint[]

/** A network of endpoints in virtual time. The same seed and the same program give the same history, byte for byte. */
export interface SimWorld extends AsyncDisposable {
  readonly seed: string
  /** Virtual milliseconds since the world began. */
  readonly now: number
  /** The right time; every endpoint has a clock of its own. */
  readonly clock: Clock
  /** For what a test itself leaves to chance. */
  readonly prng: Prng
  readonly trace: Trace

  /** Starts an endpoint of the network called `name`, on a machine of its own. */
  endpoint(name: string, options?: SimEndpointOptions): Promise<Endpoint>

  /**
   * The disk called `name`, the same at every call; it stays when processes end. Mount it with the clock of the endpoint that
   * uses it, so that its calls take virtual time.
   */
  disk(name: string): SimDisk

  /** Lets that much virtual time pass. */
  run(duration: Duration): Promise<void>
  /**
   * Runs `work` and lets time pass until it settles. Rejects with `ERR_TIMEOUT` when that takes longer than `within`
   * (default 10 m of virtual time), or at once when nothing is left to happen; and with whatever a timer's task throws.
   * May be called while another run goes on.
   */
  run<T>(work: Promise<T> | (() => Promise<T>), options?: { readonly within?: Duration }): Promise<T>
  /** The same as `run` of work. */
  settle<T>(work: Promise<T> | (() => Promise<T>), options?: { readonly within?: Duration }): Promise<T>

  /**
   * Cuts the ways between a group and another one, by default everyone else, also those who come later. `oneWay` cuts
   * only the way from `group`. Connections across notice by silence. Returns what heals just this cut.
   */
  partition(group: Group, others?: Group, options?: { readonly oneWay?: boolean }): () => void
  /** Opens all ways again. What was under way arrives, where its connection still lives. */
  heal(): void
  /** Both ends lose their connection now. False when there is none. */
  breakConnection(a: Endpoint, b: Endpoint): boolean
  /** Changes both ways between two machines from now on; what is left out stays. */
  shapePath(a: Endpoint, b: Endpoint, shape: PathOptions): void
  /** Stops a process as `SIGSTOP` does: its timers and what it is sent wait. */
  pause(endpoint: Endpoint): void
  resume(endpoint: Endpoint): void
  /** Ends a process as `SIGKILL` does. Nobody is told; its calls reject with `ERR_CLOSED`, its timers never come. */
  crash(endpoint: Endpoint): void
  /** Crashes it unless that has happened, and starts another with the same key on the same machine. */
  restart(endpoint: Endpoint): Promise<Endpoint>
  /** Moves a wall clock by so many milliseconds, either way. */
  stepClock(endpoint: Endpoint, ms: number): void
  /** Ends everything at once. Waits reject with `ERR_CLOSED`. Idempotent. */
  close(): Promise<void>
}
