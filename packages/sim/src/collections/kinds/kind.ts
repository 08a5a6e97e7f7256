import type { Collection, CollectionOptions, Definition } from '@mosaik/collections'
import type { Draw } from '../../draw.ts'
import type { Key, Model, Value } from '../models/model.ts'
import type { CollectionPlan } from '../plan/types.ts'

/** One write: a method of the writer and its arguments. */
export interface Write {
  readonly method: string
  readonly args: readonly unknown[]
}

/** What a write is drawn from. */
export interface Means<Handle> {
  readonly draw: Draw
  readonly plan: CollectionPlan
  /** For what its member believes to be there. */
  readonly handle: Handle
  /** One that nobody else writes. */
  readonly value: () => Value
}

/** What a kind of collection is to the simulation. */
export interface Kind<Handle extends Collection<unknown> = Collection<unknown>> {
  define(plan: CollectionPlan, options: CollectionOptions): Definition<Handle, Handle>
  /** All that the handle shows, in its order, as JSON; as its model shows it. */
  shown(handle: Handle): unknown
  write(means: Means<Handle>): Write
  model(plan: CollectionPlan): Model
}

export function nameOf({ kind, index }: CollectionPlan): string {
  return `${kind} ${index}`
}

export function drawKey({ draw, plan }: Pick<Means<unknown>, 'draw' | 'plan'>): Key {
  return draw.pick(plan.keys)
}

/** For a batch: none, too. */
export function some<T>(draw: Draw, item: () => T): T[] {
  return Array.from({ length: draw.int(0, 3) }, item)
}

/** What the member believes is there, as another object: often true. Otherwise something else, or nothing. */
export function expectedOf(draw: Draw, held: Value | undefined, value: () => Value): Value | undefined {
  const what = draw.float(0, 1)
  if (what < 0.75) return held === undefined ? undefined : { by: held.by }
  return what < 0.9 ? undefined : value()
}

/** Sometimes nothing: then it is to be removed. */
export function nextOf(draw: Draw, value: () => Value): Value | undefined {
  return draw.chance(0.8) ? value() : undefined
}
