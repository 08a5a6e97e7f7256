import { definePriorityQueue } from '@mosaik/collections'
import type { PriorityQueueWriter } from '@mosaik/collections'
import type { Draw } from '../../draw.ts'
import type { Key, Value } from '../models/model.ts'
import { queueModel } from '../models/queue.ts'
import type { Range } from '../models/queue.ts'
import { drawKey, expectedOf, nameOf, nextOf, some } from './kind.ts'
import type { Kind } from './kind.ts'

type Handle = PriorityQueueWriter<number, Key, Value>

const METHODS = [
  'insert', 'insert', 'insert', 'insert', 'extend', 'extend', 'updatePriority', 'updateValue', 'compareExchangeValue', 'remove', 'removeMany', 'removeRange', 'popMin', 'popMax', 'clear',
] as const // prettier-ignore

export const queue: Kind<Handle> = {
  define: (plan, options) =>
    definePriorityQueue<number, Key, Value>(nameOf(plan), undefined, {
      ...options,
      ...(plan.capacity !== undefined && { capacity: plan.capacity }),
    }) as ReturnType<Kind<Handle>['define']>,
  shown: (handle) => [handle.size, [...handle.ascending()], [...handle.descending()]],
  model: ({ capacity }) => queueModel(capacity),
  write: (means) => {
    const { draw, handle, value } = means
    const key = drawKey(means)
    const method = draw.pick(METHODS)
    switch (method) {
      case 'insert':
        return { method, args: [drawPriority(draw), key, value()] }
      case 'extend':
        return { method, args: [some(draw, () => [drawPriority(draw), drawKey(means), value()])] }
      case 'updatePriority':
        return { method, args: [key, drawPriority(draw)] }
      case 'updateValue':
        return { method, args: [key, value()] }
      case 'compareExchangeValue':
        return { method, args: [key, expectedOf(draw, handle.get(key), value) ?? value(), nextOf(draw, value)] }
      case 'remove':
        return { method, args: [key] }
      case 'removeMany':
        return { method, args: [some(draw, () => drawKey(means))] }
      case 'removeRange':
        return { method, args: [drawRange(draw)] }
      case 'popMin':
      case 'popMax':
      case 'clear':
        return { method, args: [] }
    }
  },
}

/** Few, so that many are equal. */
function drawPriority(draw: Draw): number {
  return draw.pick([-1.5, 0, 1, 2])
}

function drawRange(draw: Draw): Range {
  return {
    ...(draw.chance(0.7) && { from: drawPriority(draw) }),
    ...(draw.chance(0.7) && { to: drawPriority(draw) }),
    ...(draw.chance(0.3) && { fromExclusive: true }),
    ...(draw.chance(0.3) && { toInclusive: true }),
  }
}
