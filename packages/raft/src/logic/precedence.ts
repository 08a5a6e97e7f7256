import { patience } from './options.ts'
import type { Peer } from './peer.ts'

/** Of two who want to found, or to go on: who has a log, then the best preference, then the lowest peer id. The same on every member. */
export function precedes(a: Peer, b: Peer): boolean {
  const hasLog = (peer: Peer): boolean => (peer.introduction?.last.index ?? 0) > 0
  if (hasLog(a) !== hasLog(b)) return hasLog(a)
  const gladness = (peer: Peer): number => patience(peer.introduction?.preference ?? 'normal')
  return gladness(a) < gladness(b) || (gladness(a) === gladness(b) && a.id.peerId < b.id.peerId)
}
