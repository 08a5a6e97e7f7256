import { defineVec } from '@mosaik/collections'
import type { VecWriter } from '@mosaik/collections'
import type { Value } from '../models/model.ts'
import { vecModel } from '../models/vec.ts'
import { nameOf, some } from './kind.ts'
import type { Kind } from './kind.ts'

type Handle = VecWriter<Value>

const METHODS = [
  'pushBack', 'pushBack', 'pushFront', 'insert', 'insert', 'extend', 'extend', 'popBack', 'popFront', 'remove', 'set', 'swap', 'truncate', 'clear',
] as const // prettier-ignore

export const vec: Kind<Handle> = {
  define: (plan, options) => defineVec<Value>(nameOf(plan), undefined, options) as ReturnType<Kind<Handle>['define']>,
  shown: (handle) => [handle.length, [...handle], handle.front() ?? null, handle.back() ?? null],
  model: vecModel,
  write: ({ draw, handle, value }) => {
    /** In range or just outside. */
    const index = (): number => draw.int(-1, handle.length + 1)
    const method = draw.pick(METHODS)
    switch (method) {
      case 'pushBack':
      case 'pushFront':
        return { method, args: [value()] }
      case 'insert':
      case 'set':
        return { method, args: [index(), value()] }
      case 'extend':
        return { method, args: [some(draw, value)] }
      case 'popBack':
      case 'popFront':
      case 'clear':
        return { method, args: [] }
      case 'remove':
      case 'truncate':
        return { method, args: [index()] }
      case 'swap':
        return { method, args: [index(), index()] }
    }
  },
}
