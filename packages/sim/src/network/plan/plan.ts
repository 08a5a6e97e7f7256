import { WHERE_NAMES } from '../actors/where.ts'
import { createDraw } from '../../draw.ts'
import type { Draw } from '../../draw.ts'
import { FAULTS } from './types.ts'
import type { ConsumerPlan, NetworkName, NodePlan, Plan, ProducerPlan } from './types.ts'

export const TAGS = ['blue', 'green'] as const
const STREAMS = ['prices', 'orders', 'news', 'logs'] as const
export const MAX_NODES = 20

export interface PlanLimits {
  /** Exactly so many nodes, instead of a number drawn between 3 and 20. */
  readonly nodes?: number
}

export function drawPlan(seed: string, limits: PlanLimits = {}): Plan {
  const draw = createDraw(`sim ${seed}`)
  const maxTimeDrift = draw.pick([3_000, 5_000, 10_000])
  const count = limits.nodes ?? drawSize(draw.under('size'))
  const streams = STREAMS.slice(0, draw.int(1, STREAMS.length))
  const min = draw.float(0.2, 10)
  return {
    seed,
    world: {
      latency: { min, max: min + draw.pick([1, 15, 60]) },
      jitter: draw.pick([0, 0.1, 0.8]),
      bandwidth: draw.pick([1e6, 20e6, 125e6]),
      loss: draw.pick([0, 0, 0.02, 0.1]),
    },
    discovery: { announceInterval: draw.pick([2_000, 4_000]), purgeAfter: draw.pick([15_000, 20_000, 25_000]), maxTimeDrift },
    backoff: { initial: draw.pick([100, 500]), max: draw.pick([2_000, 5_000]) },
    streams,
    nodes: drawNodes(draw.under('nodes'), count, streams.length, maxTimeDrift),
    safetyMs: draw.int(11_000, 28_000),
    faultEveryMs: draw.pick([1_000, 2_500, 5_000]),
    faults: draw.some(FAULTS, draw.int(1, FAULTS.length)),
  }
}

/** Small clusters find most things and cost least; one in fifteen is large. */
function drawSize(draw: Draw): number {
  if (draw.chance(0.07)) return draw.int(13, MAX_NODES)
  return draw.chance(0.35) ? draw.int(7, 12) : draw.int(3, 6)
}

function drawNodes(draw: Draw, count: number, streams: number, maxTimeDrift: number): NodePlan[] {
  const others = count >= 4 && draw.chance(0.4) ? draw.int(1, 2) : 0
  const networks = Array.from({ length: count }, (_, index): NetworkName => (index >= count - others ? 'other' : 'main'))
  return networks.map((network, index) => {
    const mine = draw.under(`node ${index}`)
    const first = networks.indexOf(network)
    const known = Array.from({ length: index }, (_, i) => i)
    return {
      index,
      label: `n${index}`,
      network,
      skewMs: Math.round(mine.float(-maxTimeDrift / 3, maxTimeDrift / 3)),
      tags: TAGS.filter(() => mine.chance(0.6)),
      pass: mine.pick(['none', 'forever', 'renewed', 'lapses']),
      bootstrap: [...new Set([...(first === index ? [] : [first]), ...mine.some(known, mine.int(0, 2))])],
      joinAtMs: first === index || mine.chance(0.6) ? 0 : mine.int(100, 4_000),
      producers: mine.some([...STREAMS.keys()].slice(0, streams), mine.pick([0, 1, 1, 2])).map((stream) => drawProducer(mine, stream)),
      consumers: Array.from({ length: mine.pick([0, 1, 1, 2, 3]) }, () => drawConsumer(mine, mine.int(0, streams - 1))),
      fickle: mine.chance(0.4),
    }
  })
}

function drawProducer(draw: Draw, stream: number): ProducerPlan {
  return {
    stream,
    lagging: draw.pick(['disconnect', 'drop', 'wait']),
    bufferSize: draw.pick([2, 8, 64, 1024]),
    maxConsumers: draw.chance(0.15) ? draw.int(1, 3) : undefined,
    requireTag: draw.chance(0.25) ? draw.pick(TAGS) : undefined,
    needsPass: draw.chance(0.2),
    minimumOf: draw.pick([0, 1, 1, 1, 2]),
    everyMs: draw.pick([150, 400, 1_000]),
    burst: draw.pick([1, 4, 20]),
    padMax: draw.pick([0, 100, 100, 3_000]),
    churnMs: draw.chance(0.3) ? draw.int(3_000, 12_000) : undefined,
  }
}

function drawConsumer(draw: Draw, stream: number): ConsumerPlan {
  return {
    stream,
    where: draw.chance(0.5) ? 'all' : draw.pick(WHERE_NAMES),
    bufferSize: draw.pick([2, 8, 64, 1024]),
    requireTag: draw.chance(0.25) ? draw.pick(TAGS) : undefined,
    reader: draw.pick(['fast', 'slow', 'moody']),
    includeLocal: draw.chance(0.3),
    churnMs: draw.chance(0.3) ? draw.int(3_000, 12_000) : undefined,
  }
}
