import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import type { PeerId } from '@mosaik/core'
import { createDraw } from '../../draw.ts'
import type { Draw } from '../../draw.ts'
import { WatchedRun } from '../../watched-run.ts'
import type { Call } from '../history/record.ts'
import type { MembersPlan } from '../plan/types.ts'
import type { Life, Machine } from './machine.ts'
import type { MemberRun } from './member.ts'
import type { MemberProbe } from './probe.ts'
import { Truth } from './truth.ts'

const STORY_LINES = 60
const TRACE_LINES = 25

/** One run of one seed: the world, who is in it, and who watches. It knows more than any node could. */
export abstract class MembersSim<Run extends MemberRun = MemberRun, Probe extends MemberProbe = MemberProbe> extends WatchedRun<Probe> {
  abstract readonly plan: MembersPlan
  readonly world: SimWorld
  readonly draw: Draw
  readonly machines: readonly Machine[]
  readonly truths: readonly Truth[]
  /** Every process's part in every group, also of those that are over. */
  readonly runs: Run[] = []
  abstract readonly calls: Call[]
  /** How often things happened that are worth having in a campaign. */
  readonly seen = { superseded: 0, fetched: 0 }
  phase: 'safety' | 'healing' | 'farewell' = 'safety'
  #moment = 0

  /** `name`: of the seed in its world. */
  constructor(name: string, plan: MembersPlan, onLine?: (line: string) => void) {
    super(STORY_LINES, onLine)
    this.draw = createDraw(`${name} run`)
    this.world = simWorld({ seed: name, ...plan.world, traceLines: TRACE_LINES })
    this.machines = plan.nodes.map((node) => ({ plan: node, skewMs: node.skewMs, life: undefined, wiped: 0, before: new Map() }))
    this.truths = plan.groups.map(() => new Truth())
  }

  /** A process begins to take part in the groups of the plan. Answers what is to be closed when it leaves. */
  abstract enter(life: Life): { close(): Promise<void> }

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

  /** A process's parts in its groups. */
  runsIn(life: Life): Run[] {
    return this.runs.filter((run) => run.life === life)
  }

  /** The members of a group that are there. */
  runsOf(group: number): Run[] {
    return this.open.flatMap((life) => this.runsIn(life).filter(({ plan }) => plan.index === group))
  }

  /** For messages. */
  nameOf(peer: PeerId | undefined): string {
    return this.machines.find(({ life }) => life?.peerId === peer)?.life?.name ?? peer ?? 'nobody'
  }
}

/** Virtual ms. When the world is closed, nobody comes back from here. */
export function pass(sim: MembersSim, ms: number): Promise<void> {
  return new Promise((resolve) => void sim.world.clock.after(ms, resolve))
}
