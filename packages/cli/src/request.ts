/** A signal that asks a program to end, and when it came, in ms of a clock that never steps back. */
export interface Request {
  readonly signal: 'SIGINT' | 'SIGTERM'
  readonly at: number
}

const SAME_WITHIN_MS = 300

/**
 * Whether `next` is `first` once more, and not a second request: a runner like pnpm hands on to its script what their terminal has sent
 * to both.
 */
export function isRepeated(first: Request, next: Request): boolean {
  return next.signal === first.signal && next.at - first.at < SAME_WITHIN_MS
}
