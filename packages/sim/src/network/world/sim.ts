import { simWorld } from '@mosaik/node/testing'
import type { SimWorld } from '@mosaik/node/testing'
import type { PeerId } from '@mosaik/core'
import { createDraw } from '../../draw.ts'
import type { Draw } from '../../draw.ts'
import type { NetworkName, Plan } from '../plan/types.ts'
import type { Life, Machine } from './machine.ts'
import { WatchedRun } from '../../watched-run.ts'
import type { Probe } from './probe.ts'
import type { ConsumerRun, ProducerRun } from './records.ts'

const STORY_LINES = 40
const TRACE_LINES = 25

export type Phase = 'safety' | 'healing' | 'farewell'

/** A time in which some machines could not hear some others. */
export interface Disturbance {
  readonly from: number
  /** Infinity while it lasts. */
  until: number
  readonly between: (a: Machine, b: Machine) => boolean
}

/** One run of one seed: the world, who is in it, and who watches. It knows more than any node could. */
export class Sim extends WatchedRun<Probe> {
  readonly plan: Plan
  readonly world: SimWorld
  readonly draw: Draw
  readonly machines: readonly Machine[]
  readonly producerRuns: ProducerRun[] = []
  readonly consumerRuns: ConsumerRun[] = []
  phase: Phase = 'safety'
  readonly disturbances: Disturbance[] = []

  constructor(plan: Plan, onLine?: (line: string) => void) {
    super(STORY_LINES, onLine)
    this.plan = plan
    this.draw = createDraw(`sim ${plan.seed} run`)
    this.world = simWorld({ seed: plan.seed, ...plan.world, traceLines: TRACE_LINES })
    this.machines = plan.nodes.map((node) => ({ plan: node, peerId: undefined, skewMs: node.skewMs, life: undefined }))
  }

  /** Was there anything between these two from then until now? */
  wasDisturbed(a: Machine, b: Machine, since: number): boolean {
    return this.disturbances.some(({ until, between }) => until >= since && (between(a, b) || between(b, a)))
  }

  /** Processes that run or are paused. */
  get open(): Life[] {
    return this.machines.flatMap(({ life }) => (life?.isOpen === true ? [life] : []))
  }

  /** Processes that run: whoever is paused answers nothing. */
  get running(): Life[] {
    return this.open.filter(({ state }) => state === 'running')
  }

  openIn(network: NetworkName): Life[] {
    return this.open.filter((life) => life.machine.plan.network === network)
  }

  machineOf(peer: PeerId): Machine | undefined {
    return this.machines.find(({ peerId }) => peerId === peer)
  }

  /** For messages. */
  nameOf(peer: PeerId): string {
    return this.machineOf(peer)?.life?.name ?? peer
  }
}

/** Virtual ms, whoever is paused. When the world is closed, nobody comes back from here. */
export function pass(sim: Sim, ms: number): Promise<void> {
  return sim.world.run(ms).catch(() => new Promise<never>(() => undefined))
}
