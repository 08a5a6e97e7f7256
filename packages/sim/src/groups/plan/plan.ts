import { createDraw } from '../../draw.ts'
import type { Draw } from '../../draw.ts'
import { FAULTS } from './types.ts'
import type { GroupPlan, GroupsPlan, NodePlan } from './types.ts'

export interface PlanLimits {
  /** Exactly so many nodes, observers included. */
  readonly nodes?: number
}

export function drawGroupsPlan(seed: string, limits: PlanLimits = {}): GroupsPlan {
  const draw = createDraw(`groups ${seed}`)
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
    nodes: drawNodes(draw.under('nodes'), storage, limits.nodes),
    groups: Array.from({ length: draw.chance(0.12) ? 2 : 1 }, (_, index) => drawGroup(draw.under(`group ${index}`), index)),
    storage,
    diskMs: draw.pick([1, 10, 40]),
    clients: draw.int(4, 8),
    thinkMs: draw.pick([80, 150, 300]),
    safetyMs: draw.chance(0.2) ? draw.int(5_000, 9_000) : draw.int(2_500, 4_500),
    faultEveryMs: draw.pick([300, 600, 1_200]),
    faults: draw.some(FAULTS, draw.pick([1, 2, 3, 4, 6, 10, FAULTS.length])),
  }
}

function drawNodes(draw: Draw, storage: GroupsPlan['storage'], wanted: number | undefined): NodePlan[] {
  const members = draw.pick([3, 3, 3, 3, 4, 5, 5, 5, 6, 7])
  const observers = draw.pick([0, 0, 0, 1, 2])
  const newcomers = draw.pick([0, 0, 0, 1, 2])
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

function drawGroup(draw: Draw, index: number): GroupPlan {
  return {
    index,
    keys: draw.int(3, 6),
    maxVoters: draw.pick([5, 5, 5, 3, 7]),
    minMembers: draw.pick([1, 1, 2, 3]),
    retention: draw.pick([3, 8, 20, 4_096, 4_096]),
    memberGrace: draw.pick([1_200, 1_200, undefined]),
    recoveryTimeout: draw.pick([1_500, 2_500, undefined]),
  }
}
