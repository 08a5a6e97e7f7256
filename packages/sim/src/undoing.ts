/** Faults that end by themselves after a while, and all at once when everything heals. */
export class Undoing {
  readonly #pass: (ms: number) => Promise<void>
  readonly #undo = new Set<() => void>()

  constructor(pass: (ms: number) => Promise<void>) {
    this.#pass = pass
  }

  /** Undoes something after so many virtual ms, at the latest with `all`; once. */
  after(ms: number, undo: () => void): void {
    const once = (): void => {
      if (this.#undo.delete(once)) undo()
    }
    this.#undo.add(once)
    void this.#pass(ms).then(once)
  }

  all(): void {
    for (const undo of this.#undo) undo()
  }
}
