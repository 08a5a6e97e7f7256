/** Peers' silence is judged this often, ms. */
export const TICK_MS = 2500
/** The dialer of a connection beats at every so many ticks; the acceptor answers. */
export const TICKS_PER_BEAT = 2
/** Beats that come sooner after the one before are not answered, ms. */
export const MIN_ANSWER_MS = 1000
/** Nothing heard for so long: the peer is suspect, which is logged and counted. */
export const SUSPECT_MS = 7500
/** Nothing heard for so long: the peer is dead and its connection is ended. */
export const DEAD_MS = 15_000

export interface Liveness {
  /** When something was last heard, by our monotonic clock. */
  readonly heardAt: number
  readonly suspect: boolean
}

export type Verdict = 'well' | 'suspect' | 'recovered' | 'dead'

/**
 * Judges a peer at a tick. `late`: by how much this tick came too late. For so long we did not listen ourselves, so the
 * silence does not count against the peer.
 */
export function judge(state: Liveness, now: number, late: number): readonly [Liveness, Verdict] {
  const heardAt = Math.min(now, state.heardAt + late)
  const silence = now - heardAt
  if (silence >= DEAD_MS) return [{ heardAt, suspect: true }, 'dead']
  if (silence >= SUSPECT_MS) return [{ heardAt, suspect: true }, state.suspect ? 'well' : 'suspect']
  return [{ heardAt, suspect: false }, state.suspect ? 'recovered' : 'well']
}
