import { commitTo } from './commit.ts'
import { isUpToDate } from './election.ts'
import { forsake } from './joining.ts'
import { abandonFetch, fetchFrom } from './fetch.ts'
import { drawLineage, found } from './founding.ts'
import { ledForeigner } from './meeting.ts'
import type { FoundingAnswer, FoundingAsk } from './messages.ts'
import { patience } from './options.ts'
import type { Peer } from './peer.ts'
import { precedes } from './precedence.ts'
import { isGoneForGood, missingVoters, reachesQuorum } from './reach.ts'
import { becomeFollower } from './role.ts'
import { committedCursor } from './state.ts'
import type { State } from './state.ts'
import type { Cursor } from './types.ts'

const PROMISE = 2
/** Heartbeat intervals before those who are known to be alone go on. */
const AT_ONCE = 2

/** On a tick, while nobody leads: is the majority lost, and is it this node's turn to go on without it? */
export function driveRecovery(s: State): void {
  const { recovery } = s
  if (s.lineage === undefined || s.leader !== undefined || reachesQuorum(s)) {
    recovery.since = undefined
    recovery.ask = undefined
    recovery.granted = undefined
    abandonFetch(s)
    recovery.contradicted.clear()
    return
  }
  recovery.since ??= s.now
  const { electionTimeout } = s.options.timing
  if (recovery.granted !== undefined && s.now - recovery.granted.at >= PROMISE * electionTimeout) recovery.granted = undefined
  if (s.options.preference === 'observer' || s.closing !== undefined || s.installing !== undefined) return
  if (recovery.granted !== undefined || ledForeigner(s) !== undefined || !isDue(s, turnOf(s))) return
  if (recovery.fetching !== undefined) {
    if (s.now - recovery.fetching.at >= electionTimeout) abandonFetch(s)
  } else if (recovery.ask !== undefined) conclude(s, s.now - recovery.ask.at >= electionTimeout)
  else if (s.now >= recovery.retryAt) askSurvivors(s)
}

/**
 * At once when every missing voter is known to be gone for good; after `recoveryTimeout` when all that are missing were in
 * memory, so that what they had cannot come back; never while a durable one may. Then one survivor after the other. Who has
 * no log knows no voters: it asks those who do.
 */
function isDue(s: State, turn: number): boolean {
  const { timing } = s.options
  const lost = missingVoters(s).filter((voter) => !isGoneForGood(s, voter))
  if (lost.some((voter) => voter.durable)) return false
  const since = s.recovery.since ?? s.now
  if (!isForsaken(s)) return false
  // Even then bonds and introductions have the time to come one by one.
  const atOnce = AT_ONCE * timing.heartbeatInterval
  const wait = s.log.lastIndex === 0 ? timing.electionTimeout : lost.length === 0 ? atOnce : timing.recoveryTimeout
  return s.now >= since + wait + turn * timing.electionTimeout
}

/** Everybody bonded has said who it is, and nobody of this lineage has a leader. */
function isForsaken(s: State): boolean {
  for (const { introduction } of s.peers.values()) {
    if (introduction === undefined || (introduction.led && introduction.lineage === s.lineage?.id)) return false
  }
  return true
}

function turnOf(s: State): number {
  let turn = 0
  for (const peer of s.peers.values()) if (isSurvivor(s, peer) && comesBefore(s, peer)) turn++
  return turn
}

/** Of this lineage, and able to lead it. */
function isSurvivor(s: State, peer: Peer): boolean {
  return peer.introduction !== undefined && peer.introduction.lineage === s.lineage?.id && peer.introduction.preference !== 'observer'
}

/** Who has a log comes before who has none; then the best preference, then the lowest peer id. */
function comesBefore(s: State, peer: Peer): boolean {
  const hasLog = (peer.introduction?.last.index ?? 0) > 0
  if (hasLog !== s.log.lastIndex > 0) return hasLog
  const difference = patience(peer.introduction?.preference ?? 'normal') - patience(s.options.preference)
  return difference < 0 || (difference === 0 && peer.id.peerId < s.options.me.peerId)
}

/** Asks everybody who may have entries, observers too. */
function askSurvivors(s: State): void {
  const parent = s.lineage?.id
  const asked = [...s.peers.values()].filter((peer) => peer.introduction?.lineage === parent).map((peer) => peer.id.peerId)
  const lineageToBe = drawLineage(s, `${parent} ${s.log.lastTerm} ${s.log.lastIndex}`)
  s.recovery.ask = { lineageToBe, at: s.now, asked, answers: new Map() }
  for (const peerId of asked) s.out.send(peerId, { type: 'founding', lineageToBe, parent, last: s.log.last })
  conclude(s, false)
}

/** A survivor of this lineage wants to go on with a child of it. */
export function onRecoveryAsk(s: State, peer: Peer, m: FoundingAsk): void {
  const { peerId } = peer.id
  const { recovery } = s
  if (peer.introduction !== undefined) peer.introduction = { ...peer.introduction, last: m.last }
  const rival = recovery.granted === undefined ? undefined : s.peers.get(recovery.granted.peerId)
  const isFree = rival === undefined || rival === peer || precedes(peer, rival)
  const stands = s.options.preference !== 'observer' && s.log.lastIndex > 0 && !reachesQuorum(s) && isDue(s, 0)
  const isMine = (stands || recovery.ask !== undefined || recovery.fetching !== undefined) && !comesBefore(s, peer)
  // Who is ahead knows newer voters: what this node thinks of its majority is out of date.
  const isAhead = !isUpToDate(s.log.last, m.last)
  const isLost = s.lineage?.id === m.parent && s.leader === undefined && (isAhead || !reachesQuorum(s))
  const granted = isLost && isFree && !isMine && (isAhead || s.log.lastIndex === 0 || isDue(s, 0))
  if (granted) {
    recovery.granted = { peerId, at: s.now }
    recovery.ask = undefined
    abandonFetch(s)
    if (s.role !== 'follower') becomeFollower(s, s.term, undefined)
  }
  const { lineageToBe } = m
  s.out.send(peerId, { type: 'founding-answer', lineageToBe, granted, last: s.log.last, committed: committedCursor(s) }, 'log')
}

export function onRecoveryAnswer(s: State, peer: Peer, m: FoundingAnswer): void {
  const { ask } = s.recovery
  if (ask?.lineageToBe !== m.lineageToBe) return
  ask.answers.set(peer.id.peerId, m)
  conclude(s, false)
}

/**
 * When all have answered: first get what anybody knows to be committed, then whatever a more advanced log has; only
 * then found the child, with who granted it.
 */
function conclude(s: State, isLate: boolean): void {
  const { ask, contradicted } = s.recovery
  if (ask === undefined || s.lineage === undefined) return
  if (!isLate && ask.asked.some((peerId) => s.peers.has(peerId) && !ask.answers.has(peerId))) return
  s.recovery.ask = undefined
  const present = [...ask.answers].filter(([peerId]) => s.peers.has(peerId))
  const answers = present.filter(([, answer]) => answer.granted)
  // Who declines sees a leader or a majority, follows somebody else, or still waits.
  if (answers.length < present.length) return void (s.recovery.retryAt = s.now + s.options.timing.electionTimeout)
  for (const [peerId, { committed }] of answers) {
    if (committed.index <= s.commit) continue
    if (!has(s, committed)) return fetchFrom(s, peerId)
    commitTo(s, committed.index)
  }
  const ahead = answers.filter(([peerId, { last }]) => !contradicted.has(peerId) && !isUpToDate(s.log.last, last))
  const best = ahead.sort(([, a], [, b]) => (isUpToDate(a.last, b.last) ? -1 : 1))[0]
  if (best !== undefined) return fetchFrom(s, best[0])
  if (s.log.lastIndex === 0) {
    // Those who have something may only be out of reach for now.
    if (s.now - (s.recovery.since ?? s.now) >= s.options.timing.memberGrace) forsake(s)
    else s.recovery.retryAt = s.now + s.options.timing.electionTimeout
    return
  }
  const granters = answers.map(([peerId]) => s.peers.get(peerId) as Peer).filter((peer) => isSurvivor(s, peer))
  const fork = s.log.last
  const parent = s.lineage.id
  found(s, { id: ask.lineageToBe, parent, fork, shared: s.commit }, granters)
}

function has(s: State, cursor: Cursor): boolean {
  return s.log.termAt(cursor.index) === cursor.term
}
