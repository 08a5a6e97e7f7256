import { appendOwn } from './append.ts'
import { isVoter, majorityOf, voterOf } from './configuration.ts'
import type { SnapshotReport } from './messages.ts'
import type { Peer } from './peer.ts'
import type { SnapshotMeta } from './snapshot.ts'
import type { Lineage } from './lineage.ts'
import { meetsUpTo } from './meeting-state.ts'
import { isVoterPeer } from './state.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** Own snapshots that wait for a root. */
const MAX_TAKEN = 4
/** While the last mark has no root, the log may grow so many times more before the next: a large state takes its time to be hashed. */
const PENDING_FACTOR = 8
/** For so many chunks the log may grow by its limit once more before the next mark: snapshots cost a share of what entries do. */
const CHEAP_CHUNKS = 64
/** The tail behind a snapshot may be so many times longer for those who are fetching an older one. */
const FETCHER_FACTOR = 8

/** The snapshot that may be offered: a majority has agreed on its root. */
export function settledMeta(s: State): SnapshotMeta | undefined {
  return s.snapshot
}

/** A committed mark: every member takes its snapshot at the same place. */
export function takeSnapshot(s: State, mark: Index): void {
  s.lastMark = Math.max(s.lastMark, mark)
  const snapshot: SnapshotMeta = { lineage: s.lineage as Lineage, root: '', ...s.log.describe(mark), meets: meetsUpTo(s, mark) }
  s.out.emit({ type: 'take-snapshot', snapshot })
}

/** The leader asks for a snapshot once the log has grown enough since the last, for how large the state is (th. 5.1.2). */
export function proposeMark(s: State): void {
  const { leading, log, options } = s
  if (leading === undefined || s.commit < leading.start || log.lastIndex - s.commit >= options.limits.uncommittedEntries) return
  const { snapshotEntries, snapshotBytes } = options.limits
  const isPending = s.lastMark > (s.snapshot?.index ?? 0)
  const times = (isPending ? PENDING_FACTOR : 1) * (1 + s.chunks / CHEAP_CHUNKS)
  const isDue = s.commit - s.lastMark >= times * snapshotEntries || log.bytesBetween(s.lastMark, s.commit) >= times * snapshotBytes
  if (!isDue) return
  s.lastMark = appendOwn(s, { kind: 'snapshot-mark' })
}

export function onSnapshotTaken(s: State, index: Index, root: string, chunks = 0): void {
  s.chunks = chunks
  if (s.lineage === undefined || s.log.termAt(index) === undefined) return
  s.taken.push({ lineage: s.lineage, root, ...s.log.describe(index), meets: meetsUpTo(s, index) })
  if (s.taken.length > MAX_TAKEN) s.taken.shift()
  if (s.rooted?.mark === index) settleSnapshot(s, index, s.rooted.root)
  else reportSnapshot(s)
}

/** Tells the leader (again, when it is a new one) the root of the newest own snapshot. */
export function reportSnapshot(s: State): void {
  const newest = s.taken.at(-1)
  if (newest === undefined) return
  if (s.leading !== undefined) tally(s, newest.index, newest.root)
  else if (s.leader !== undefined && s.peers.has(s.leader)) {
    s.out.send(s.leader, { type: 'snapshot-report', mark: newest.index, root: newest.root }, 'nothing')
  }
}

export function onSnapshotReport(s: State, peer: Peer, m: SnapshotReport): void {
  if (s.leading === undefined || !isVoterPeer(s, peer)) return
  s.leading.reports.set(peer.id.peerId, { mark: m.mark, root: m.root })
  tally(s, m.mark, m.root)
}

/** Commits a root once a majority of the voters has reported the same for a mark. */
function tally(s: State, mark: Index, root: string): void {
  const { leading } = s
  if (leading === undefined || mark <= (s.snapshot?.index ?? 0) || mark <= (leading.rooted ?? 0)) return
  const { configuration } = s.log
  const counts = new Map<string, number>()
  const count = (each: string): void => void counts.set(each, (counts.get(each) ?? 0) + 1)
  const own = s.taken.find((each) => each.index === mark)
  if (own !== undefined && isVoter(configuration, s.options.me)) count(own.root)
  for (const [peerId, report] of leading.reports) {
    if (voterOf(configuration, peerId) !== undefined && report.mark === mark) count(report.root)
  }
  const reported = [...counts.values()].reduce((sum, each) => sum + each, 0)
  if (reported === configuration.voters.length && Math.max(...counts.values()) < majorityOf(configuration)) {
    s.halted = `the voters have ${counts.size} different states at ${mark}, and no majority has the same: the machine is not deterministic`
    return s.out.emit({ type: 'fatal', reason: s.halted })
  }
  if ((counts.get(root) ?? 0) < majorityOf(configuration)) return
  leading.rooted = mark
  appendOwn(s, { kind: 'snapshot-root', mark, root })
}

/** A committed root: the snapshot may be served, and the log below it forgotten but for a tail. */
export function settleSnapshot(s: State, mark: Index, root: string): void {
  if (mark <= (s.snapshot?.index ?? 0)) return
  s.rooted = { mark, root }
  const at = s.taken.findIndex((each) => each.index === mark)
  if (at < 0) return
  const snapshot = s.taken[at] as SnapshotMeta
  s.taken.splice(0, at + 1)
  if (snapshot.root !== root) {
    s.halted = `the state at ${mark} is not that of the majority`
    return s.out.emit({ type: 'diverged', index: mark, peerId: s.options.me.peerId })
  }
  s.snapshot = snapshot
  s.out.emit({ type: 'snapshot-settled', snapshot })
  pruneLog(s)
}

/** Keeps a tail behind the snapshot, and what those will need who are fetching one: else they would have to fetch the next. */
export function pruneLog(s: State): void {
  const { tailEntries, tailBytes } = s.options.limits
  const limit = Math.min(s.snapshot?.index ?? 0, s.applied, s.stored)
  let upTo = Math.min(limit, s.commit - tailEntries)
  while (upTo < limit && s.log.bytesBetween(upTo, s.commit) > tailBytes) upTo++
  upTo = Math.min(upTo, neededByFetchers(s))
  if (upTo <= s.log.base.index) return
  s.log.prune(upTo)
  s.out.emit({ type: 'prune', upTo })
}

/** The oldest snapshot that a member is fetching, as far back as is kept for its sake. */
function neededByFetchers({ peers, log, commit, options }: State): Index {
  const { tailEntries, tailBytes } = options.limits
  let needed = Number.POSITIVE_INFINITY
  for (const { progress } of peers.values()) {
    if (progress?.feeding !== 'snapshot' || progress.firstOffered < log.base.index) continue
    const { firstOffered } = progress
    const isNear =
      commit - firstOffered <= FETCHER_FACTOR * tailEntries && log.bytesBetween(firstOffered, commit) <= FETCHER_FACTOR * tailBytes
    if (isNear) needed = Math.min(needed, firstOffered)
  }
  return needed
}
