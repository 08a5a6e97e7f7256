/** What a world did, folded into one number; and the last lines of it, to read when a seed fails. */
export interface Trace {
  /** 16 hex digits. The same seed and the same program give the same hash. */
  readonly hash: string
  /** Events folded in so far. */
  readonly events: number
  /** The newest lines (as many as `traceLines` allows), oldest first: time, kind, from → to, bytes, digest. */
  lines(): string[]
}

/** Something on the wires, or something done to the world. */
export interface TraceLine {
  /** Microseconds since the world began. */
  readonly time: number
  readonly kind: string
  readonly from: string
  readonly to: string
  readonly size: number
  readonly digest: number
}

const PRIME = 0x01000193
const SECOND_PRIME = 0x85ebca6b

/** FNV-1a, 32 bits: not against an adversary, only to notice a difference. */
export function digestBytes(bytes: Uint8Array, offset = 0x811c9dc5): number {
  let hash = offset
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME)
  return hash >>> 0
}

export class RunningTrace implements Trace {
  events = 0
  #low = 0x811c9dc5
  #high = 0x9e3779b9
  readonly #lines: TraceLine[] = []
  #next = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get hash(): string {
    return (this.#high >>> 0).toString(16).padStart(8, '0') + (this.#low >>> 0).toString(16).padStart(8, '0')
  }

  /** Folds an event in without a line. */
  fold(time: number, kind: string, owner: number): void {
    this.events += 1
    this.#mix(time)
    this.#mix(time / 0x1_0000_0000)
    this.#mixText(kind)
    this.#mix(owner)
  }

  /** Folds an event of the network in, and keeps it to be read. */
  note(line: TraceLine): void {
    this.events += 1
    this.#mix(line.time)
    this.#mix(line.time / 0x1_0000_0000)
    this.#mix(line.size)
    this.#mix(line.digest)
    this.#mixText(line.kind)
    this.#mixText(line.from)
    this.#mixText(line.to)
    if (this.#limit === 0) return
    this.#lines[this.#next] = line
    this.#next = (this.#next + 1) % this.#limit
  }

  lines(): string[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)].map(
      ({ time, kind, from, to, size, digest }) => `${(time / 1e6).toFixed(6)} ${kind} ${from} → ${to} ${size} ${digest.toString(16)}`,
    )
  }

  #mixText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i))
  }

  #mix(value: number): void {
    const word = value | 0
    this.#low = Math.imul(this.#low ^ word, PRIME)
    this.#high = Math.imul((this.#high << 13) | (this.#high >>> 19), SECOND_PRIME) ^ (this.#low + word)
  }
}
