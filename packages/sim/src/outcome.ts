export type WorldName = 'collections' | 'groups' | 'network'

export interface Violation {
  readonly invariant: string
  /** What is promised, and where. */
  readonly rule: string
  readonly what: string
  /** Virtual ms. */
  readonly at: number
}

/** What became of one seed. */
export interface Outcome {
  readonly world: WorldName
  readonly seed: string
  readonly violation: Violation | undefined
  /** 16 hex digits: the same for every run of the seed. */
  readonly hash: string
  /** What happened on the wires and clocks. */
  readonly events: number
  readonly virtualMs: number
  /** From the healing until everything was as it must be, virtual ms. */
  readonly healedInMs: number | undefined
  /** What was in it, by its name in the plural. */
  readonly counts: Readonly<Record<string, number>>
  /** The last lines of what was done, and of what went over the wires before it failed. */
  readonly story: readonly string[]
  readonly wire: readonly string[]
}

export interface RunOptions {
  /** Exactly so many nodes, instead of a number that is drawn. */
  readonly nodes?: number
  readonly onLine?: (line: string) => void
}
