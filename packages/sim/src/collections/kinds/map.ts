import { defineMap } from '@mosaik/collections'
import type { MapWriter } from '@mosaik/collections'
import { mapModel } from '../models/map.ts'
import type { Key, Value } from '../models/model.ts'
import { drawKey, expectedOf, nameOf, nextOf, some } from './kind.ts'
import type { Kind } from './kind.ts'

type Handle = MapWriter<Key, Value>

const METHODS = [
  'insert',
  'insert',
  'insert',
  'extend',
  'remove',
  'remove',
  'removeMany',
  'compareExchange',
  'compareExchange',
  'clear',
] as const

export const map: Kind<Handle> = {
  define: (plan, options) => defineMap<Key, Value>(nameOf(plan), undefined, options) as ReturnType<Kind<Handle>['define']>,
  shown: (handle) => [handle.size, [...handle.keys()].map((key) => [key, handle.get(key)])],
  model: mapModel,
  write: (means) => {
    const { draw, handle, value } = means
    const key = drawKey(means)
    const method = draw.pick(METHODS)
    switch (method) {
      case 'insert':
        return { method, args: [key, value()] }
      case 'extend':
        return { method, args: [some(draw, () => [drawKey(means), value()])] }
      case 'remove':
        return { method, args: [key] }
      case 'removeMany':
        return { method, args: [some(draw, () => drawKey(means))] }
      case 'compareExchange':
        return { method, args: [key, expectedOf(draw, handle.get(key), value), nextOf(draw, value)] }
      case 'clear':
        return { method, args: [] }
    }
  },
}
