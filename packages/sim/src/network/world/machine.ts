import type { Clock, PeerId } from '@mosaik/core'
import type { Network } from '@mosaik/node'
import type { NodePlan } from '../plan/types.ts'
import type { ConsumerRun, ProducerRun } from './records.ts'

/** A place for one process of one key, whatever happens to it. */
export interface Machine {
  readonly plan: NodePlan
  peerId: PeerId | undefined
  /** What its wall clock shows too much, ms. */
  skewMs: number
  /** The process that runs here, or ran here last. */
  life: Life | undefined
}

export interface Awaited {
  readonly what: string
  readonly since: number
  /** It must settle within so many ms. */
  readonly within: number
}

export type LifeState = 'running' | 'paused' | 'crashed' | 'leaving' | 'left'

/** One process: from a start to a crash or a goodbye. */
export class Life {
  readonly machine: Machine
  readonly network: Network
  /** Which process of its machine, from 1. */
  readonly number: number
  readonly bornAt: number
  state: LifeState = 'running'
  endedAt: number | undefined
  /** When it last began to run: nothing of it went on while it was paused. */
  runsSince: number
  readonly producers = new Set<ProducerRun>()
  readonly consumers = new Set<ConsumerRun>()
  /** Peers that were inserted by hand and not taken out. */
  readonly inserted = new Set<PeerId>()
  /** Promises of the library that this process waits for. */
  readonly awaited = new Map<Promise<unknown>, Awaited>()

  constructor(machine: Machine, network: Network, number: number, bornAt: number) {
    this.machine = machine
    this.network = network
    this.number = number
    this.bornAt = bornAt
    this.runsSince = bornAt
  }

  get peerId(): PeerId {
    return this.network.local.id
  }

  /** Its own idea of time. */
  get clock(): Clock {
    return this.network.discovery.endpoint.clock
  }

  get isOpen(): boolean {
    return this.state === 'running' || this.state === 'paused'
  }

  get name(): string {
    return this.number === 1 ? this.machine.plan.label : `${this.machine.plan.label}.${this.number}`
  }

  /** Waits for a promise of the library, on the record. */
  async expect<T>(promise: Promise<T>, what: string, now: number, within: number = Number.POSITIVE_INFINITY): Promise<T> {
    this.awaited.set(promise, { what, since: now, within })
    try {
      return await promise
    } finally {
      this.awaited.delete(promise)
    }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve))
  }
}
