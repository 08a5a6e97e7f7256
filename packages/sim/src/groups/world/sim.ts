import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import type { PeerId } from '@mosaik/core'
import { createDraw } from '../../draw.ts'
import type { Draw } from '../../draw.ts'
import type { Violation } from '../../outcome.ts'
import type { Call, Reading } from '../history/record.ts'
import type { GroupsPlan } from '../plan/types.ts'
import type { Life, Machine } from './machine.ts'
import type { MemberRun } from './member.ts'
import type { Invariant, Probe } from './probe.ts'
import { Truth } from './truth.ts'

const STORY_LINES = 60
const TRACE_LINES = 25

/** One run of one seed: the world, who is in it, and who watches. It knows more than any node could. */
export class GroupsSim {
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
  violation: Violation | undefined
  readonly story: string[] = []
  wire: readonly string[] = []
  /** Resolves at the first violation. */
  readonly failed: Promise<void>
  readonly #onLine: ((line: string) => void) | undefined
  #probes: readonly Probe[] = []
  #moment = 0
  #stop!: () => void

  constructor(plan: GroupsPlan, onLine?: (line: string) => void) {
    this.plan = plan
    this.#onLine = onLine
    this.draw = createDraw(`groups ${plan.seed} run`)
    this.world = simWorld({ seed: `groups ${plan.seed}`, ...plan.world, traceLines: TRACE_LINES })
    this.machines = plan.nodes.map((node) => ({ plan: node, skewMs: node.skewMs, life: undefined, wiped: 0, before: new Map() }))
    this.truths = plan.groups.map(() => new Truth())
    this.failed = new Promise((resolve) => (this.#stop = resolve))
  }

  get now(): number {
    return this.world.now
  }

  /** Later than all moments before. */
  moment(): number {
    return ++this.#moment
  }

  watchWith(invariants: readonly Invariant[]): void {
    this.#probes = invariants.map(({ name, rule, watch }) => watch(this, (what) => this.fail(name, rule, what)))
  }

  /** Tells every invariant. Nothing is told after the first violation. */
  tell(what: (probe: Probe) => void): void {
    if (this.violation !== undefined) return
    for (const probe of this.#probes) what(probe)
  }

  fail(invariant: string, rule: string, what: string): void {
    if (this.violation !== undefined) return
    this.violation = { invariant, rule, what, at: this.now }
    this.log(`VIOLATION of ${invariant}: ${what}`)
    this.wire = this.world.trace.lines()
    this.#stop()
  }

  log(line: string): void {
    const dated = `${(this.now / 1000).toFixed(3)} ${line}`
    this.#onLine?.(dated)
    this.story.push(dated)
    if (this.story.length > STORY_LINES) this.story.shift()
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
