/** Who of the listed has not been there, and for how long. */
export class Absences {
  readonly #since = new Map<string, number>()

  /** Those who have been away for `graceMs` or more, without a break that was looked at. `now` never steps back. */
  gone<Peer extends string>(listed: Iterable<Peer>, isThere: (peer: Peer) => boolean, now: number, graceMs: number): readonly Peer[] {
    const away = [...listed].filter((peer) => !isThere(peer))
    const known = new Set<string>(away)
    for (const peer of this.#since.keys()) if (!known.has(peer)) this.#since.delete(peer)
    for (const peer of away) if (!this.#since.has(peer)) this.#since.set(peer, now)
    return away.filter((peer) => now - (this.#since.get(peer) ?? now) >= graceMs)
  }
}
