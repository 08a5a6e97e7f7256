import { createDraw } from '../../draw.ts'
import type { Draw } from '../../draw.ts'
import type { FaultName, MembershipPlan, MembersPlan, NodePlan } from './types.ts'

export interface PlanLimits {
  /** Exactly so many nodes, observers included. */
  readonly nodes?: number
}

/** What worlds of members differ in. Numbers are choices: who is written twice is drawn twice as often. */
export interface Shape<Group extends MembershipPlan> {
  readonly members: readonly number[]
  readonly observers: readonly number[]
  readonly newcomers: readonly number[]
  readonly faults: readonly FaultName[]
  readonly groups: (draw: Draw) => readonly Group[]
}

/** `name`: of the world. */
export function drawMembersPlan<Group extends MembershipPlan>(
  name: string,
  seed: string,
  shape: Shape<Group>,
  limits: PlanLimits,
): MembersPlan & { readonly groups: readonly Group[] } {
  const draw = createDraw(`${name} ${seed}`)
  const min = draw.float(0.2, 6)
  const storage = draw.pick(['memory', 'memory', 'memory', 'durable', 'durable', 'durable', 'mixed'] as const)
  return {
    seed,
    world: {
      latency: { min, max: min + draw.pick([1, 10, 30]) },
      jitter: draw.pick([0, 0.1, 0.8]),
      bandwidth: draw.pick([2e6, 125e6]),
      loss: draw.pick([0, 0, 0.02, 0.1, 0.3]),
    },
    announceInterval: 5_000,
    nodes: drawNodes(draw.under('nodes'), storage, shape, limits.nodes),
    groups: shape.groups(draw),
    storage,
    diskMs: draw.pick([1, 10, 40]),
    clients: draw.int(4, 8),
    thinkMs: draw.pick([80, 150, 300]),
    safetyMs: draw.chance(0.2) ? draw.int(5_000, 9_000) : draw.int(2_500, 4_500),
    faultEveryMs: draw.pick([300, 600, 1_200]),
    faults: draw.some(shape.faults, draw.pick([1, 2, 3, 4, 6, 10, shape.faults.length])),
  }
}

export function drawMembership(draw: Draw, index: number, retention: readonly number[]): MembershipPlan {
  return {
    index,
    maxVoters: draw.pick([5, 5, 5, 3, 7]),
    minMembers: draw.pick([1, 1, 2, 3]),
    retention: draw.pick(retention),
    memberGrace: draw.pick([1_200, 1_200, undefined]),
    recoveryTimeout: draw.pick([1_500, 2_500, undefined]),
  }
}

function drawNodes(
  draw: Draw,
  storage: MembersPlan['storage'],
  shape: Pick<Shape<MembershipPlan>, 'members' | 'observers' | 'newcomers'>,
  wanted: number | undefined,
): NodePlan[] {
  const members = draw.pick(shape.members)
  const observers = draw.pick(shape.observers)
  const newcomers = draw.pick(shape.newcomers)
  const count = wanted ?? members + observers + newcomers
  return Array.from({ length: count }, (_, index) => {
    const mine = draw.under(`node ${index}`)
    const isObserver = wanted === undefined ? index >= members && index < members + observers : index >= 3 && mine.chance(0.3)
    const isLate = wanted === undefined && index >= members + observers
    return {
      index,
      label: `n${index}`,
      skewMs: Math.round(mine.float(-2_000, 2_000)),
      durable: storage === 'durable' || (storage === 'mixed' && mine.chance(0.5)),
      preference: isObserver ? 'observer' : mine.chance(0.15) ? { reluctant: mine.pick([1.5, 3]) } : 'normal',
      joinAtMs: isLate ? mine.int(1_000, 4_000) : mine.chance(0.7) ? 0 : mine.int(0, 1_500),
    }
  })
}
