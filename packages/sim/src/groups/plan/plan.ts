import type { Draw } from '../../draw.ts'
import { drawMembership, drawMembersPlan } from './members.ts'
import type { PlanLimits } from './members.ts'
import { FAULTS } from './types.ts'
import type { GroupPlan, GroupsPlan } from './types.ts'

const SHAPE = {
  members: [3, 3, 3, 3, 4, 5, 5, 5, 6, 7],
  observers: [0, 0, 0, 1, 2],
  newcomers: [0, 0, 0, 1, 2],
  faults: FAULTS,
  groups: (draw: Draw): GroupPlan[] =>
    Array.from({ length: draw.chance(0.12) ? 2 : 1 }, (_, index) => drawGroup(draw.under(`group ${index}`), index)),
}

export function drawGroupsPlan(seed: string, limits: PlanLimits = {}): GroupsPlan {
  return drawMembersPlan('groups', seed, SHAPE, limits)
}

function drawGroup(draw: Draw, index: number): GroupPlan {
  return { keys: draw.int(3, 6), ...drawMembership(draw, index, [3, 8, 20, 4_096, 4_096]) }
}
