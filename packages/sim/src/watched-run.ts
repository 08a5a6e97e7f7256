import type { Violation } from './outcome.ts'

/** What is promised, and who looks whether it is kept. */
export interface Promised<Run, Probe> {
  readonly name: string
  readonly rule: string
  watch(run: Run, fail: (what: string) => void): Probe
}

interface World {
  /** Virtual ms. */
  readonly now: number
  readonly trace: { lines(): readonly string[] }
}

/** One run of one seed as those see it who watch: what they are told, what was done, and the first promise that was broken. */
export abstract class WatchedRun<Probe> {
  abstract readonly world: World
  violation: Violation | undefined
  /** The newest lines of what was done, and of what went over the wires when it failed. */
  readonly story: string[] = []
  wire: readonly string[] = []
  /** Resolves at the first violation. */
  readonly failed: Promise<void>
  readonly #storyLines: number
  readonly #onLine: ((line: string) => void) | undefined
  #probes: readonly Probe[] = []
  readonly #stop: () => void

  constructor(storyLines: number, onLine: ((line: string) => void) | undefined) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#storyLines = storyLines
    this.#onLine = onLine
    this.failed = promise
    this.#stop = resolve
  }

  get now(): number {
    return this.world.now
  }

  watchWith(invariants: readonly Promised<this, Probe>[]): void {
    this.#probes = invariants.map(({ name, rule, watch }) => watch(this, (what) => this.fail(name, rule, what)))
  }

  /** Tells every invariant. Nothing is told after the first violation. */
  tell(what: (probe: Probe) => void): void {
    for (const probe of this.#probes) if (this.violation === undefined) what(probe)
  }

  fail(invariant: string, rule: string, what: string): void {
    if (this.violation !== undefined) return
    this.violation = { invariant, rule, what, at: this.now }
    this.log(`VIOLATION of ${invariant}: ${what}`)
    this.wire = this.world.trace.lines()
    this.#stop()
  }

  log(line: string): void {
    const dated = `${(this.now / 1000).toFixed(3)} ${line}`
    this.#onLine?.(dated)
    this.story.push(dated)
    if (this.story.length > this.#storyLines) this.story.shift()
  }
}
