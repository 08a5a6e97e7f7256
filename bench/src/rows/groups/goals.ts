import type { Goal } from '../../table.ts'

type Levels = readonly [floor?: number | undefined, target?: number | undefined, stretch?: number | undefined]

export const goal = (better: Goal['better'], what: string, value: number, [floor, target, stretch]: Levels, unit = ''): Goal => ({
  ...{ what, value, better, floor, target, stretch, unit },
})
