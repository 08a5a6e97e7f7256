import { defineCell, defineOnce } from '@mosaik/collections'
import type { CellWriter, OnceWriter } from '@mosaik/collections'
import type { Value } from '../models/model.ts'
import { cellModel, onceModel } from '../models/single.ts'
import { expectedOf, nameOf, nextOf } from './kind.ts'
import type { Kind } from './kind.ts'

export const cell: Kind<CellWriter<Value>> = {
  define: (plan, options) => defineCell<Value>(nameOf(plan), undefined, options) as ReturnType<Kind<CellWriter<Value>>['define']>,
  shown: (handle) => [handle.isEmpty, handle.read() ?? null],
  model: cellModel,
  write: ({ draw, handle, value }) => {
    const method = draw.pick(['write', 'write', 'set', 'compareExchange', 'compareExchange', 'clear'] as const)
    if (method === 'clear') return { method, args: [] }
    if (method === 'compareExchange') return { method, args: [expectedOf(draw, handle.get(), value), nextOf(draw, value)] }
    return { method, args: [value()] }
  },
}

export const once: Kind<OnceWriter<Value>> = {
  define: (plan, options) => defineOnce<Value>(nameOf(plan), undefined, options) as ReturnType<Kind<OnceWriter<Value>>['define']>,
  shown: (handle) => [handle.isEmpty, handle.read() ?? null],
  model: onceModel,
  write: ({ draw, value }) => ({ method: draw.pick(['write', 'set'] as const), args: [value()] }),
}
