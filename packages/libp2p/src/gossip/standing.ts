/** How well a peer behaves, and how much of it is heard. */
export interface StandingLimits {
  /** Messages per second that are heard from one peer in the long run. */
  readonly rate: number
  /** Messages that may come at once after a quiet time. */
  readonly burst: number
  /** After this many milliseconds a fault weighs half. */
  readonly halfLife: number
  /** Peers that are remembered; the one heard of longest ago is forgotten first. */
  readonly peers: number
}

/** What is known of each sender: a token bucket and a sum of faults that fades. Pure: the caller says what time it is. */
export interface Standing {
  /** Takes a token. False: the sender says too much, the message is to be dropped. */
  allow(peer: string, now: number): boolean
  /** Counts a fault; a rejected message weighs 1. */
  fault(peer: string, weight: number, now: number): void
  /** The faded sum of faults, 0 for whoever is not known. */
  faults(peer: string, now: number): number
  readonly size: number
}

interface Record {
  tokens: number
  faults: number
  /** When `tokens` and `faults` were last brought up to date. */
  at: number
}

export function createStanding(limits: StandingLimits): Standing {
  const records = new Map<string, Record>()

  const refresh = (record: Record, now: number): Record => {
    const elapsed = Math.max(0, now - record.at)
    record.tokens = Math.min(limits.burst, record.tokens + (elapsed * limits.rate) / 1000)
    record.faults *= 2 ** (-elapsed / limits.halfLife)
    record.at = now
    return record
  }

  const touch = (peer: string, now: number): Record => {
    const found = records.get(peer)
    const record = found === undefined ? { tokens: limits.burst, faults: 0, at: now } : refresh(found, now)
    records.delete(peer)
    records.set(peer, record)
    if (records.size > limits.peers) {
      const [oldest] = records.keys()
      if (oldest !== undefined) records.delete(oldest)
    }
    return record
  }

  return {
    allow(peer, now) {
      const record = touch(peer, now)
      if (record.tokens < 1) return false
      record.tokens -= 1
      return true
    },
    fault(peer, weight, now) {
      touch(peer, now).faults += weight
    },
    faults(peer, now) {
      const record = records.get(peer)
      return record === undefined ? 0 : refresh(record, now).faults
    },
    get size() {
      return records.size
    },
  }
}
