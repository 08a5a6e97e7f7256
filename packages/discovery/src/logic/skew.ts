/**
 * How far the other clock is ahead, ms, given what it showed at some moment between `sentAt` and `receivedAt` by this one.
 * Zero while the delay alone could explain the difference.
 */
export function clockSkew(theirs: number, sentAt: number, receivedAt: number): number {
  if (theirs > receivedAt) return theirs - receivedAt
  return theirs < sentAt ? theirs - sentAt : 0
}
