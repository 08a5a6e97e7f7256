import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import type { PeerId } from '@mosaik/core'
import { createDraw } from '../../draw.ts'
import type { Draw } from '../../draw.ts'
import { WatchedRun } from '../../watched-run.ts'
import type { Call, Reading } from '../history/record.ts'
import type { GroupsPlan } from '../plan/types.ts'
import type { Life, Machine } from './machine.ts'
import type { MemberRun } from './member.ts'
import type { Probe } from './probe.ts'
import { Truth } from './truth.ts'

const STORY_LINES = 60
const TRACE_LINES = 25

/** One run of one seed: the world, who is in it, and who watches. It knows more than any node could. */
export class GroupsSim extends WatchedRun<Probe> {
  readonly plan: GroupsPlan
  readonly world: SimWorld
  readonly draw: Draw
  readonly machines: readonly Machine[]
  readonly truths: readonly Truth[]
  /** Every process's part in every group, also of those that are over. */
  readonly runs: MemberRun[] = []
  readonly calls: Call[] = []
  readonly readings: Reading[] = []
  /** How often things happened that are worth having in a campaign. */
  readonly seen = { superseded: 0, fetched: 0 }
  phase: 'safety' | 'healing' | 'farewell' = 'safety'
  #moment = 0

  constructor(plan: GroupsPlan, onLine?: (line: string) => void) {
    super(STORY_LINES, onLine)
    this.plan = plan
    this.draw = createDraw(`groups ${plan.seed} run`)
    this.world = simWorld({ seed: `groups ${plan.seed}`, ...plan.world, traceLines: TRACE_LINES })
    this.machines = plan.nodes.map((node) => ({ plan: node, skewMs: node.skewMs, life: undefined, wiped: 0, before: new Map() }))
    this.truths = plan.groups.map(() => new Truth())
  }

  /** Later than all moments before. */
  moment(): number {
    return ++this.#moment
  }

  /** Processes that run or are paused. */
  get open(): Life[] {
    return this.machines.flatMap(({ life }) => (life?.isOpen === true ? [life] : []))
  }

  get running(): Life[] {
    return this.open.filter(({ state }) => state === 'running')
  }

  /** The members of a group that are there. */
  runsOf(group: number): MemberRun[] {
    return this.open.flatMap(({ runs }) => runs.filter(({ plan }) => plan.index === group))
  }

  /** For messages. */
  nameOf(peer: PeerId | undefined): string {
    return this.machines.find(({ life }) => life?.peerId === peer)?.life?.name ?? peer ?? 'nobody'
  }
}

/** Virtual ms. When the world is closed, nobody comes back from here. */
export function pass(sim: GroupsSim, ms: number): Promise<void> {
  return new Promise((resolve) => void sim.world.clock.after(ms, resolve))
}
