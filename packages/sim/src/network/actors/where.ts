import type { Criteria } from '@mosaik/streams'
import type { Item } from './item.ts'

interface Wish {
  readonly criteria: Criteria<Item> | undefined
  /** The same said by hand, so that criteria are not checked by what evaluates them. */
  readonly holds: (item: Pick<Item, 'kind' | 'price'>) => boolean
}

export const WISHES = {
  all: { criteria: undefined, holds: () => true },
  'kind a': { criteria: { kind: 'a' }, holds: ({ kind }) => kind === 'a' },
  'kind b or c': { criteria: { kind: { in: ['b', 'c'] } }, holds: ({ kind }) => kind !== 'a' },
  'price from 50': { criteria: { price: { gte: 50 } }, holds: ({ price }) => price >= 50 },
  'price between': {
    criteria: { price: { gt: 20, lt: 80 }, kind: { in: ['a', 'b'] } },
    holds: ({ kind, price }) => price > 20 && price < 80 && kind !== 'c',
  },
} as const satisfies Record<string, Wish>

export type WhereName = keyof typeof WISHES
export const WHERE_NAMES = Object.keys(WISHES) as readonly WhereName[]
