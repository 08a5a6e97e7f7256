import { runCollectionsSeed } from './collections/run-seed.ts'
import { runGroupsSeed } from './groups/run-seed.ts'
import { runSeed } from './network/run-seed.ts'
import type { Outcome, RunOptions, WorldName } from './outcome.ts'

/** Plays one seed in one of the worlds. */
export const WORLDS: Readonly<Record<WorldName, (seed: string, options?: RunOptions) => Promise<Outcome>>> = {
  collections: runCollectionsSeed,
  groups: runGroupsSeed,
  network: runSeed,
}
