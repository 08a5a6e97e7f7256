import type { SecretKey } from '../../id/types.ts'
import type { Endpoint } from '../../net/endpoint.ts'
import type { Clock } from '../../time/clock.ts'

/** The two functions of a test runner that a suite needs; those of vitest and of `node:test` (with its `timeout` option wrapped) fit. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: () => Promise<void>, timeoutMs?: number): unknown
}

export interface SuiteEndpointOptions {
  /** Default: a fresh key. */
  readonly secretKey?: SecretKey
}

/** One world for one case. Disposed of after the case when it can be. */
export interface EndpointBuilder extends Partial<AsyncDisposable> {
  /** The time that the endpoints live in. */
  readonly clock: Clock
  /** Starts an endpoint that listens on loopback only. The suite closes it. */
  create(networkName: string, options: SuiteEndpointOptions): Promise<Endpoint>
  /** Runs a case. A simulated world lets its time pass meanwhile. Default: just calls it. */
  run?(program: () => Promise<void>): Promise<void>
  /** Ends an endpoint as `SIGKILL` would: nobody is told. Cases of sudden death are left out without it. */
  kill?(endpoint: Endpoint): void | Promise<void>
}

export interface EndpointSuiteOptions {
  /** Multiplies every limit. Default 1. */
  readonly timeFactor?: number
  /** Names of cases that this implementation is known to fail; they are left out. A name that no case has is refused. */
  readonly knownFailures?: readonly string[]
}

/** What a case works with. */
export interface Rig {
  readonly clock: Clock
  /** Starts an endpoint in the network of this case, or in another one. */
  create(options?: SuiteEndpointOptions & { readonly network?: string }): Promise<Endpoint>
  /** `promise`, but rejects after `ms` (default 5 s) with `what` was waited for. */
  wait<T>(promise: Promise<T>, what: string, ms?: number): Promise<T>
  /** Lets `ms` pass, for what must not happen. */
  quiet(ms: number): Promise<void>
  /** Only in cases that say `needs: 'kill'`. */
  kill(endpoint: Endpoint): Promise<void>
}

export interface EndpointCase {
  readonly name: string
  readonly needs?: 'kill'
  readonly run: (rig: Rig) => Promise<void>
}
