import type { Write } from '../kinds/kind.ts'
import type { Model } from './model.ts'

/** Does to the model what the write did, and answers the result. */
export function modelResult({ methods }: Model, { method, args }: Write): unknown {
  const does = methods[method] as ((...args: readonly unknown[]) => unknown) | undefined
  if (does === undefined) throw new Error(`a plain one has no ${method}`)
  return does(...args)
}
