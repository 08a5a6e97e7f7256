import { noMeeting } from './meeting-state.ts'
import { deriveId } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { appendOwn } from './append.ts'
import { advanceCommit } from './commit.ts'
import type { Configuration, Voter } from './configuration.ts'
import { sendHello } from './hello.ts'
import { bare } from './lineage.ts'
import type { Lineage } from './lineage.ts'
import { voterTarget } from './membership.ts'
import type { FoundingAnswer, FoundingAsk } from './messages.ts'
import { patience } from './options.ts'
import type { Peer } from './peer.ts'
import { precedes } from './precedence.ts'
import { beginFeeding } from './replication.ts'
import { setLeader, setRole } from './role.ts'
import { committedCursor } from './state.ts'
import type { State } from './state.ts'
import type { LineageId } from './types.ts'

/** How far a node without a lineage has come. */
export interface Founding {
  startedAt: number
  lastBondAt: number
  /** The own question to the others. */
  ask:
    | { readonly lineageToBe: LineageId; readonly at: number; readonly asked: readonly PeerId[]; readonly answers: Map<PeerId, boolean> }
    | undefined
  /** Whom this node has promised to follow. */
  granted: { readonly peerId: PeerId; readonly at: number } | undefined
  retryAt: number
}

const NONCE_BYTES = 16
/** A promise is kept for so many election timeouts. */
const PROMISE = 2

/** On a tick, while there is no lineage: waits, asks, founds. */
export function driveFounding(s: State): void {
  const { founding } = s
  if (s.lineage !== undefined || s.closing !== undefined || s.options.preference === 'observer') return
  if (founding.granted !== undefined) {
    const isOver = s.now - founding.granted.at >= PROMISE * s.options.timing.electionTimeout || !s.peers.has(founding.granted.peerId)
    if (!isOver) return
    founding.granted = undefined
  }
  if (founding.ask !== undefined) return concludeFounding(s, s.now - founding.ask.at >= s.options.timing.electionTimeout)
  if (s.now >= readyAt(s)) askToFound(s)
}

/** After the bootstrap delay, in quiet, and after all who come before this node have had their turn. */
function readyAt(s: State): number {
  const { bootstrapDelay, electionTimeout } = s.options.timing
  const { startedAt, lastBondAt, retryAt } = s.founding
  const turn = [...s.peers.values()].filter((peer) => isFounder(peer) && comesBefore(s, peer)).length
  const quiet = s.peers.size === 0 ? 0 : lastBondAt + electionTimeout
  return Math.max(startedAt + bootstrapDelay * patience(s.options.preference), quiet, retryAt) + turn * electionTimeout
}

/** Bonded, without a lineage, and not an observer. */
function isFounder(peer: Peer): boolean {
  const { introduction } = peer
  return introduction !== undefined && introduction.lineage === undefined && introduction.preference !== 'observer'
}

/** The best preference first, then the lowest peer id. */
function comesBefore(s: State, peer: Peer): boolean {
  const difference = patience(peer.introduction?.preference ?? 'normal') - patience(s.options.preference)
  return difference < 0 || (difference === 0 && peer.id.peerId < s.options.me.peerId)
}

function askToFound(s: State): void {
  const asked = [...s.peers.values()].filter(isFounder).map((peer) => peer.id.peerId)
  const lineageToBe = drawLineage(s, '')
  s.founding.ask = { lineageToBe, at: s.now, asked, answers: new Map() }
  for (const peerId of asked) s.out.send(peerId, { type: 'founding', lineageToBe, parent: undefined, last: s.log.last })
  concludeFounding(s, false)
}

/** The id of a new history: of the group, the founder, chance and, for a child, where it comes from. */
export function drawLineage(s: State, origin: string): LineageId {
  const nonce = [...s.prng.bytes(NONCE_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return deriveId(s.options.groupId, `${s.options.me.peerId} ${nonce} ${origin}`)
}

export function onFoundingAsk(s: State, peer: Peer, m: FoundingAsk): void {
  const { peerId } = peer.id
  const granted = mayGrant(s, peer)
  if (granted) {
    s.founding.granted = { peerId, at: s.now }
    s.founding.ask = undefined
  } else if (s.lineage !== undefined) sendHello(s, peerId)
  s.out.send(
    peerId,
    { type: 'founding-answer', lineageToBe: m.lineageToBe, granted, last: s.log.last, committed: committedCursor(s) },
    'nothing',
  )
}

/** One promise at a time, but who comes first may take another's: else many who ask at once would hold each other up for ever. */
function mayGrant(s: State, peer: Peer): boolean {
  if (s.lineage !== undefined || s.closing !== undefined || s.options.preference === 'observer') return false
  const { granted, ask } = s.founding
  const rival = granted === undefined ? undefined : s.peers.get(granted.peerId)
  if (rival !== undefined && rival !== peer && !precedes(peer, rival)) return false
  return ask === undefined || comesBefore(s, peer)
}

export function onFoundingAnswer(s: State, peer: Peer, m: FoundingAnswer): void {
  if (s.founding.ask?.lineageToBe !== m.lineageToBe || s.lineage !== undefined) return
  s.founding.ask.answers.set(peer.id.peerId, m.granted)
  concludeFounding(s, false)
}

/** All have answered, or have had the time to. */
function concludeFounding(s: State, isLate: boolean): void {
  const { ask } = s.founding
  if (ask === undefined) return
  const isWaiting = ask.asked.some((peerId) => s.peers.has(peerId) && !ask.answers.has(peerId))
  if (isWaiting && !isLate) return
  const grants = ask.asked.filter((peerId) => s.peers.has(peerId) && ask.answers.get(peerId) === true)
  s.founding.ask = undefined
  const isRivalled = [...ask.answers.values()].includes(false)
  if (1 + grants.length < s.options.minMembers || isRivalled) {
    s.founding.retryAt = s.now + s.options.timing.electionTimeout
    return
  }
  const granters = grants.map((peerId) => s.peers.get(peerId) as Peer)
  found(s, { id: ask.lineageToBe }, granters)
}

/** Begins a history: the founding entry opens its first term here, so its founder leads it without a vote. */
export function found(s: State, lineage: Lineage, granters: readonly Peer[]): void {
  s.lineage = lineage
  s.meeting = noMeeting()
  s.term++
  s.vote = s.options.me
  s.out.hardStateChanged()
  s.out.emit({ type: 'lineage', lineage })
  s.leading = { since: s.now, start: s.log.lastIndex + 1, transfer: undefined, heartbeatAt: s.now, refusing: new Set(), reports: new Map() }
  setRole(s, 'leader')
  setLeader(s, s.options.me.peerId)
  const configuration = firstConfiguration(s, granters)
  appendOwn(s, { kind: 'founding', lineage: lineage.id, founder: s.options.me, configuration, ...originOf(lineage) })
  s.hasNews = true
  for (const peer of s.peers.values()) beginFeeding(s, peer, peer.introduction?.last)
  advanceCommit(s)
}

function originOf(lineage: Lineage): Omit<Lineage, 'id'> {
  const { id: _, ...origin } = bare(lineage)
  return origin
}

/** The founder and, by peer id, as many who granted as make a good number of voters. */
function firstConfiguration(s: State, granters: readonly Peer[]): Configuration {
  const others = [...granters].sort((a, b) => (a.id.peerId < b.id.peerId ? -1 : 1))
  const count = voterTarget(1 + others.length, s.options.maxVoters)
  const voters: Voter[] = others.slice(0, count - 1).map((peer) => ({ ...peer.id, durable: peer.introduction?.durable === true }))
  voters.push({ ...s.options.me, durable: s.options.durable })
  return { voters: voters.sort((a, b) => (a.peerId < b.peerId ? -1 : 1)) }
}
