import { appendOwn } from './append.ts'
import type { MeetData, YieldData } from './entry.ts'
import { bare } from './lineage.ts'
import type { Lineage, LineageFacts } from './lineage.ts'
import { forsake } from './joining.ts'
import { MAX_MET, noMeeting } from './meeting-state.ts'
import type { MeetContent } from './messages.ts'
import type { Peer } from './peer.ts'
import { reachesQuorum } from './reach.ts'
import type { State } from './state.ts'
import type { Index, LineageId } from './types.ts'

/**
 * Whether `a` goes on and `b` yields. Both sides ask this of the same two facts. A parent that could still commit wins over
 * its child; otherwise more commands, then more entries, then the lower id.
 */
export function prevails(a: LineageFacts, b: LineageFacts): boolean {
  if (b.parent === a.id && a.quorum) return true
  if (a.parent === b.id && b.quorum) return false
  if (a.commands !== b.commands) return a.commands > b.commands
  if (a.entries !== b.entries) return a.entries > b.entries
  return a.id < b.id
}

/** Nothing behind a yield commits. */
export function yieldIndexOf(s: State): Index {
  return s.log.yieldIndex ?? Infinity
}

/** A bonded member of another history. */
export function onForeignHello(s: State, peer: Peer, origin: LineageFacts): void {
  const isChild = origin.parent === s.lineage?.id
  const isPromised = s.recovery.granted?.peerId === peer.id.peerId
  if (isChild && s.leading === undefined && s.leader === undefined && (isPromised || !reachesQuorum(s))) return followChild(s, origin)
  if (s.leading !== undefined) meet(s, origin.id)
}

/** The survivors go on without the majority. Who has nothing beyond the fork keeps what it has; who has more hands it over. */
function followChild(s: State, child: Lineage): void {
  const { fork } = child
  const { last } = s.log
  const known = Math.max(s.commit, s.installing?.index ?? 0)
  const isWithin =
    fork !== undefined && known <= fork.index && (fork.term > last.term || (fork.term === last.term && fork.index >= last.index))
  if (!isWithin) return supersede(s, child)
  s.lineage = bare(child)
  s.meeting = noMeeting()
  s.recovery.granted = undefined
  s.recovery.since = undefined
  s.out.hardStateChanged()
  s.out.emit({ type: 'lineage', lineage: s.lineage })
  s.hasNews = true
}

/** The leader of each side freezes what its lineage has, by an entry: once per other lineage. */
function meet(s: State, other: LineageId): void {
  const { own } = s.meeting
  if (s.log.yieldIndex !== undefined || s.leading === undefined || s.commit < s.leading.start || own.has(other)) return
  if (s.leading.meeting?.has(other) === true || own.size >= MAX_MET) return
  s.leading.meeting ??= new Set()
  s.leading.meeting.add(other)
  appendOwn(s, { kind: 'meet', other })
}

/** On every member, so that the next leader knows as well. */
export function afterMeet(s: State, index: Index, { other }: MeetData): void {
  // What a parent said of itself is not what its child says.
  if (s.lineage === undefined || index <= (s.lineage.fork?.index ?? 0)) return
  if (s.meeting.own.has(other) || s.meeting.own.size >= MAX_MET) return
  s.meeting.own.set(other, { ...s.lineage, commands: s.log.commandsUpTo(index), entries: index, quorum: true })
  tellFacts(s)
  decide(s, other)
}

/** To every bonded member of another lineage: its leader is one of them. */
function tellFacts(s: State): void {
  if (s.leading === undefined) return
  for (const peer of s.peers.values()) {
    const other = peer.introduction?.lineage
    const facts = other === undefined ? undefined : s.meeting.own.get(other)
    if (facts !== undefined && other !== undefined) s.out.send(peer.id.peerId, { type: 'meet', other, facts })
  }
}

export function onMeet(s: State, m: MeetContent): void {
  if (s.lineage === undefined || m.other !== s.lineage.id || m.facts.id === s.lineage.id) return
  if (!s.meeting.theirs.has(m.facts.id) && s.meeting.theirs.size < MAX_MET) s.meeting.theirs.set(m.facts.id, m.facts)
  if (s.leading === undefined) return
  meet(s, m.facts.id)
  decide(s, m.facts.id)
}

/** With both facts frozen: the loser's leader says so in its log. */
function decide(s: State, other: LineageId): void {
  const own = s.meeting.own.get(other)
  const theirs = s.meeting.theirs.get(other)
  if (s.leading === undefined || own === undefined || theirs === undefined || s.log.yieldIndex !== undefined) return
  if (!prevails(own, theirs)) appendOwn(s, { kind: 'yield', to: other })
}

/** Committed: the lineage has ended. */
export function afterYield(s: State, index: Index, { to }: YieldData): void {
  // A parent that yielded without ever committing it has been recovered instead.
  if (index <= (s.lineage?.fork?.index ?? 0)) return
  supersede(s, s.meeting.theirs.get(to) ?? lineageOf(s, to))
}

function lineageOf(s: State, id: LineageId): Lineage {
  for (const peer of s.peers.values())
    if (peer.introduction?.lineage === id && peer.introduction.origin !== undefined) return peer.introduction.origin
  return { id }
}

/** This member's log is lost to `by`: what it has since the fork goes to the application. */
export function supersede(s: State, by: Lineage): void {
  if (s.lineage === undefined) return
  const { id: lineage, fork } = s.lineage
  const entries = s.log.slice(Math.max(commonWith(s, s.lineage, by) + 1, s.log.first), s.log.lastIndex)
  s.halted = `superseded by ${by.id}`
  s.out.emit({ type: 'superseded', lineage, by: by.id, committed: s.commit, inherited: fork?.index ?? 0, entries })
}

/**
 * Up to where the log is the winner's too, but for what was never committed. What a child took over uncommitted its parent, and
 * another child of it, may have overwritten. Who founded a child of this lineage may have had another log below the fork: what was
 * written here in later terms than its last is not in it, and what was written in earlier ones and differs has not been committed.
 */
function commonWith(s: State, own: Lineage, by: Lineage): Index {
  const inherited = own.shared ?? 0
  if (own.parent === by.id) return inherited
  const isSibling = by.parent !== undefined && by.parent === own.parent
  if ((by.parent !== own.id && !isSibling) || by.fork === undefined || by.fork.index < s.log.base.index) return 0
  const common = s.log.candidateFor(by.fork.index, by.fork.term).index
  return isSibling ? Math.min(common, inherited) : common
}

/** On a tick: a leader tells again, and who has no majority at all yields to whoever has one. */
export function driveMeeting(s: State): void {
  const { meeting, options } = s
  const isLost = s.lineage !== undefined && s.leader === undefined && !reachesQuorum(s)
  if (!isLost) meeting.lostSince = undefined
  else meeting.lostSince ??= s.now
  if (isLost && s.now - (meeting.lostSince ?? s.now) >= options.timing.electionTimeout) {
    const led = ledForeigner(s)
    if (led !== undefined) return giveWay(s, led)
  }
  if (s.leading === undefined || s.now - meeting.metAt < options.timing.electionTimeout) return
  meeting.metAt = s.now
  for (const peer of s.peers.values()) {
    const other = peer.introduction?.lineage
    if (other !== undefined && other !== s.lineage?.id) meet(s, other)
  }
  tellFacts(s)
}

function giveWay(s: State, to: Lineage): void {
  if (s.log.lastIndex === 0) forsake(s)
  else if (to.parent === s.lineage?.id) followChild(s, to)
  else supersede(s, to)
}

/** A bonded member of another lineage that has a leader: to join it comes before going on alone. */
export function ledForeigner(s: State): Lineage | undefined {
  for (const { introduction } of s.peers.values()) {
    if (introduction?.led === true && introduction.origin !== undefined && introduction.lineage !== s.lineage?.id)
      return introduction.origin
  }
  return undefined
}
