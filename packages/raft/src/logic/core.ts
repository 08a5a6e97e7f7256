import type { Prng } from '@mosaik/core'
import { onBondDown, onBondUp } from './bonds.ts'
import { advanceCommit, applyCommitted } from './commit.ts'
import { beginClosing } from './departure.ts'
import type { Effect, Restored } from './effects.ts'
import type { Event } from './events.ts'
import { onSnapshotInstalled } from './follower.ts'
import { propose } from './forward.ts'
import { sendHellos } from './hello.ts'
import { meetingFrom, noMeeting } from './meeting-state.ts'
import type { CoreOptions } from './options.ts'
import { prefer } from './preference.ts'
import { cancelRead, driveReads, noReads, onRead } from './read-index.ts'
import { receive } from './receive.ts'
import { noRecovery } from './recovery-state.ts'
import { feedAll } from './replication.ts'
import { waitForLeader } from './role.ts'
import { Log } from './log.ts'
import { Outbox } from './outbox.ts'
import { onSnapshotTaken } from './snapshots.ts'
import type { State } from './state.ts'
import { onTick } from './tick.ts'
import { driveTransfer, transferLeadership } from './transfer.ts'

/** One member of one group, as pure decisions: events in, effects out, in order. */
export interface Core {
  /** For looking at. Only `step` changes it. */
  readonly state: Readonly<State>
  /** What follows from an event. Nothing else ever happens. */
  step(event: Event): Effect[]
}

/**
 * A member that begins where its store left it, or with nothing. The same options, seed and events give the same
 * effects, on every machine.
 */
export function createCore(options: CoreOptions, prng: Prng, restored?: Restored): Core {
  const state = blankState(options, prng)
  if (restored !== undefined) restore(state, restored)
  waitForLeader(state)
  applyCommitted(state)
  return {
    state,
    step(event) {
      if (state.halted === undefined) {
        happen(state, event)
        // Whose lineage has just yielded still tells the others how far it is committed.
        if (state.halted !== undefined) feedAll(state)
        else settle(state)
      }
      return state.out.flush()
    },
  }
}

function happen(s: State, event: Event): void {
  switch (event.type) {
    case 'tick':
      return onTick(s, event.elapsed, event.heard)
    case 'message':
      return receive(s, event.from, event.message)
    case 'propose':
      return propose(s, event.proposals)
    case 'stored':
      return onStored(s, event.write)
    case 'applied':
      s.applied = Math.max(s.applied, Math.min(event.index, s.applying))
      return
    case 'bond-up':
      return onBondUp(s, event.member)
    case 'bond-down':
      return onBondDown(s, event.peerId)
    case 'snapshot-taken':
      return onSnapshotTaken(s, event.index, event.root, event.chunks)
    case 'snapshot-installed':
      return onSnapshotInstalled(s, event.snapshot)
    case 'snapshot-failed':
      s.installing = undefined
      return
    case 'read':
      return onRead(s, event.id)
    case 'cancel-read':
      return cancelRead(s, event.id)
    case 'transfer':
      return transferLeadership(s, event.to)
    case 'preference':
      return prefer(s, event.preference)
    case 'close':
      return beginClosing(s)
  }
}

/** What every step ends with. */
function settle(s: State): void {
  driveReads(s)
  if (s.hasNews) {
    s.hasNews = false
    sendHellos(s)
  }
  if (s.mustReplicate) feedAll(s)
  driveTransfer(s)
  // A step may append at most one write; it ends where the log ends now.
  const write = s.out.currentWrite
  if (write > s.lastWrite) {
    s.lastWrite = write
    s.writes.push({ write, last: s.log.lastIndex })
  }
}

function onStored(s: State, write: number): void {
  while (s.writes.length > 0 && (s.writes[0] as { write: number }).write <= write) {
    s.stored = Math.max(s.stored, (s.writes.shift() as { last: number }).last)
  }
  advanceCommit(s)
}

function restore(s: State, restored: Restored): void {
  const { hardState, snapshot, entries } = restored
  s.lineage = hardState.lineage
  s.term = hardState.term
  s.vote = hardState.vote
  if (snapshot !== undefined) {
    s.log.reset(snapshot)
    s.snapshot = snapshot
    if (snapshot.lineage.id === s.lineage?.id) s.meeting = meetingFrom(snapshot.meets)
    s.lastMark = snapshot.index
  }
  // The tail that the store keeps behind a snapshot serves others; this node begins at the snapshot.
  for (const entry of entries) if (entry.index > s.log.base.index) s.log.append(entry)
  s.stored = s.log.lastIndex
  s.commit = Math.min(Math.max(hardState.commit, snapshot?.index ?? 0), s.log.lastIndex)
  s.applying = snapshot?.index ?? 0
  s.applied = s.applying
}

function blankState(options: CoreOptions, prng: Prng): State {
  const state: State = {
    options,
    prng,
    out: new Outbox(() => state),
    log: new Log(),
    now: 0,
    lineage: undefined,
    term: 0,
    vote: undefined,
    role: 'follower',
    leader: undefined,
    heardAt: 0,
    patience: 0,
    stored: 0,
    writes: [],
    lastWrite: 0,
    commit: 0,
    applying: 0,
    applied: 0,
    leading: undefined,
    votes: new Map(),
    peers: new Map(),
    absences: new Map(),
    reads: noReads(),
    snapshot: undefined,
    taken: [],
    rooted: undefined,
    installing: undefined,
    lastMark: 0,
    chunks: 0,
    audit: undefined,
    founding: { startedAt: 0, lastBondAt: 0, ask: undefined, granted: undefined, retryAt: 0 },
    recovery: noRecovery(),
    meeting: noMeeting(),
    closing: undefined,
    ignored: 0,
    halted: undefined,
    heard: undefined,
    isIdle: false,
    hasNews: false,
    mustReplicate: false,
  }
  return state
}
