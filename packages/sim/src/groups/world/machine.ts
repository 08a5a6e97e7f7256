import type { Endpoint, PeerId } from '@mosaik/core'
import type { Discovery } from '@mosaik/discovery'
import type { NodePlan } from '../plan/types.ts'
import type { MemberRun } from './member.ts'

/** A place for one process of one key, with its disk. */
export interface Machine {
  readonly plan: NodePlan
  skewMs: number
  /** The process that runs here, or ran here last. */
  life: Life | undefined
  /** How often its disk was replaced by an empty one. */
  wiped: number
  /** The newest run that has opened the store of each group, by the group's number. */
  readonly before: Map<number, MemberRun>
}

export type LifeState = 'running' | 'paused' | 'crashed' | 'leaving' | 'left'

/** One process: from a start to a crash or a goodbye. */
export class Life {
  readonly machine: Machine
  readonly endpoint: Endpoint
  readonly number: number
  readonly bornAt: number
  discovery!: Discovery
  /** What is closed first when it leaves: its groups, or what stands on them. */
  top!: { close(): Promise<void> }
  state: LifeState = 'running'
  /** Virtual ms; Infinity while it lasts. */
  endedAt: number = Number.POSITIVE_INFINITY
  /** When it last began to run. */
  runsSince: number
  /** How long it has stood still, ms. */
  pausedMs = 0
  /** Resolves when the process is gone. */
  readonly over: Promise<void>
  #end!: () => void

  constructor(machine: Machine, endpoint: Endpoint, number: number, bornAt: number) {
    this.machine = machine
    this.endpoint = endpoint
    this.number = number
    this.bornAt = bornAt
    this.runsSince = bornAt
    this.over = new Promise((resolve) => (this.#end = resolve))
  }

  get peerId(): PeerId {
    return this.endpoint.id
  }

  get isOpen(): boolean {
    return this.state === 'running' || this.state === 'paused'
  }

  get name(): string {
    return this.number === 1 ? this.machine.plan.label : `${this.machine.plan.label}.${this.number}`
  }

  end(state: 'crashed' | 'left', now: number): void {
    this.state = state
    this.endedAt = now
    this.#end()
  }
}
