/** The bond with a peer that this node has or is making when the peer dials. */
export interface Standing {
  /** Who dialled it. */
  readonly dialledBy: 'us' | 'them'
  /** Our `start` has been sent. */
  readonly started: boolean
  /** The token of our `start`. */
  readonly token: bigint
  /** The peer's run, when it has welcomed us. */
  readonly run: bigint | undefined
}

/** What the peer's `start` says of the past. */
export interface Arrival {
  readonly run: bigint
  readonly seen: bigint
}

/**
 * What to do when a peer dials: `accept` it in place of whatever there is, or `refuse` it because both have dialled and
 * ours stays. A peer dials only while it has no bond with us, so what we have was given up by it, except when its
 * `start` crossed ours: then the dial of the lower peer id stays, on both sides. They crossed when the peer, in the same
 * life, had not yet seen ours.
 */
export function whenDialled(now: Standing | undefined, { run, seen }: Arrival, weAreLower: boolean): 'accept' | 'refuse' {
  if (now === undefined || now.dialledBy === 'them' || !now.started) return 'accept'
  const hasLostIt = seen === now.token || (now.run !== undefined && now.run !== run)
  return hasLostIt || !weAreLower ? 'accept' : 'refuse'
}
