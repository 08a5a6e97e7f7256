import { defineSet } from '@mosaik/collections'
import type { SetWriter } from '@mosaik/collections'
import type { Key } from '../models/model.ts'
import { setModel } from '../models/set.ts'
import { drawKey, nameOf, some } from './kind.ts'
import type { Kind } from './kind.ts'

type Handle = SetWriter<Key>

const METHODS = ['insert', 'insert', 'insert', 'extend', 'remove', 'remove', 'removeMany', 'clear'] as const

export const set: Kind<Handle> = {
  define: (plan, options) => defineSet<Key>(nameOf(plan), undefined, options) as ReturnType<Kind<Handle>['define']>,
  shown: (handle) => [handle.size, [...handle].filter((value) => handle.has(value))],
  model: setModel,
  write: (means) => {
    const { draw } = means
    const method = draw.pick(METHODS)
    if (method === 'clear') return { method, args: [] }
    if (method === 'insert' || method === 'remove') return { method, args: [drawKey(means)] }
    return { method, args: [some(draw, () => drawKey(means))] }
  },
}
