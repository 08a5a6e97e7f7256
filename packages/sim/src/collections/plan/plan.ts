import type { Draw } from '../../draw.ts'
import { drawMembership, drawMembersPlan } from '../../groups/plan/members.ts'
import type { PlanLimits } from '../../groups/plan/members.ts'
import { FAULTS } from '../../groups/plan/types.ts'
import { KINDS } from './types.ts'
import type { CollectionPlan, CollectionsPlan, KindName } from './types.ts'

/** In UTF-8 the order of the last two is not that of their UTF-16 units. */
const TEXTS = ['', 'a', 'ab', 'b', 'z', 'ü', '\uffee', '😀']
const NUMBERS = [-1e9, -2.5, -1, 0, 1, 2.5, 10, 1e9]

const SHAPE = {
  members: [3, 3, 3, 4],
  observers: [0, 1, 1, 1],
  newcomers: [0, 0, 0, 1],
  faults: FAULTS.filter((fault) => fault !== 'stale-leader'),
  groups: (draw: Draw): CollectionPlan[] =>
    draw.some(KINDS, draw.pick([1, 2])).map((kind, index) => drawCollection(draw.under(`collection ${index}`), kind, index)),
}

export function drawCollectionsPlan(seed: string, limits: PlanLimits = {}): CollectionsPlan {
  return drawMembersPlan('collections', seed, SHAPE, limits)
}

function drawCollection(draw: Draw, kind: KindName, index: number): CollectionPlan {
  return {
    kind,
    keys: draw.some<string | number>(draw.chance(0.5) ? TEXTS : NUMBERS, draw.int(3, 6)),
    capacity: draw.pick([undefined, 2, 4]),
    fetchBatchSize: draw.pick([undefined, 2]),
    ...drawMembership(draw, index, [3, 3, 8, 20]),
  }
}
