/** One file of a log. */
export interface Segment {
  readonly number: number
  readonly path: string
  /** Entries in it that have not been pruned, truncated or replaced. */
  live: number
  /** It had none when the next segment began, which repeats everything else. */
  hollow: boolean
}

const NAME = /^log-(\d{10})\.seg$/

export function newSegment(directory: string, number: number): Segment {
  return { number, path: `${directory}/log-${String(number).padStart(10, '0')}.seg`, live: 0, hollow: false }
}

/** The number in the name of a segment; undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
