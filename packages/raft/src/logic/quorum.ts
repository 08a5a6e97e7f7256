import type { Index } from './types.ts'

export type Poll = 'won' | 'lost' | 'open'

/**
 * The highest index that a majority has, of what each voter has (absent ones 0). Sorts `matches` in place: a handful
 * of numbers, on the hottest path of all.
 */
export function majorityIndex(matches: number[]): Index {
  const count = matches.length
  if (count === 0) return 0
  for (let i = 1; i < count; i++) {
    const match = matches[i] as number
    let j = i - 1
    while (j >= 0 && (matches[j] as number) > match) {
      matches[j + 1] = matches[j] as number
      j--
    }
    matches[j + 1] = match
  }
  return matches[(count - 1) >> 1] as number
}

/** Counts against all voters: who abstains or is silent is neither for nor against, and still counted in `voters`. */
export function poll(voters: number, granted: number, denied: number): Poll {
  const majority = Math.floor(voters / 2) + 1
  if (voters > 0 && granted >= majority) return 'won'
  return voters === 0 || voters - denied < majority ? 'lost' : 'open'
}
