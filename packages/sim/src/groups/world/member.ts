import { memoryLog } from '@mosaik/raft'
import type { ApplyContext, Group, Index, LineageId, LogEntry, LogStore, LogWrite, NewSnapshot } from '@mosaik/raft'
import { readStoredSnapshot, readStoredState } from '@mosaik/raft/testing'
import type { SnapshotMeta, StoredState } from '@mosaik/raft/testing'
import type { MembershipPlan } from '../plan/types.ts'
import type { Life } from './machine.ts'
import { LogMirror } from './mirror.ts'
import type { Boundary } from './mirror.ts'
import { ObservedLog } from './observed-log.ts'
import type { MembersSim } from './sim.ts'
import type { Applied, SeenEntry, Truth } from './truth.ts'

/** What a store holds, or will once everything that was asked has been done. */
export interface Holding {
  readonly log: LogMirror
  state: StoredState | undefined
  snapshot: SnapshotMeta | undefined
}

/** What a store was asked and has not confirmed. */
export interface Pending {
  /** Writes take effect in their order; saving and pruning take their time. */
  readonly isWrite: boolean
  readonly change: (holding: Holding) => void
}

/** One process's part in one group: its store, its machine and its handle, seen from outside. */
export abstract class MemberRun {
  readonly life: Life
  readonly plan: MembershipPlan
  readonly truth: Truth
  readonly store: LogStore
  group!: Group<unknown, unknown, unknown, unknown>
  /** What it has been told to keep, and what has been confirmed. */
  readonly asked: Holding = { log: new LogMirror(), state: undefined, snapshot: undefined }
  durable: Holding = { log: new LogMirror(), state: undefined, snapshot: undefined }
  readonly pending = new Set<Pending>()
  /** Changes that it has handed over because their history has lost. */
  readonly handedOver = new Set<number>()
  /** Histories that it has given way to. */
  readonly yieldedTo = new Set<LineageId>()
  /** What was in its log when it came back as another member. */
  readonly gaveUp = new Set<SeenEntry>()
  /** Position of the newest change that it has applied. */
  applied: { index: Index; offset: number } = { index: 0, offset: 0 }
  readonly #sim: MembersSim
  #marked = 0
  /** The snapshot that it was restarted from: entries before it are in its store, and not in its log any more. */
  #begunAfter = 0

  constructor(sim: MembersSim, life: Life, plan: MembershipPlan, inner: LogStore = memoryLog()) {
    this.#sim = sim
    this.life = life
    this.plan = plan
    this.truth = sim.truths[plan.index] as Truth
    this.store = new ObservedLog(inner, {
      opened: (store, entries) => this.#onOpened(store, entries),
      writing: (write) => this.#onWriting(write),
      saving: (snapshot, also) => this.#onSaving(snapshot, also),
      pruning: (upTo) => {
        this.#markCommitted(upTo) // only what has been applied is pruned
        return this.#change((holding) => holding.log.prune(upTo))
      },
    })
  }

  get name(): string {
    return this.plan.index === 0 ? this.life.name : `${this.life.name} in group ${this.plan.index}`
  }

  get lineage(): LineageId | undefined {
    return this.asked.state?.lineage?.id
  }

  /** The member that it is now: peer and incarnation. */
  get memberId(): string {
    return `${this.life.peerId}/${this.asked.state?.incarnation ?? '?'}`
  }

  get isOpen(): boolean {
    return this.life.isOpen
  }

  /** Of what its machine holds now: equal states have equal ones. */
  abstract get digest(): string | number

  #onOpened(store: LogStore, raw: readonly LogEntry[]): void {
    const state = store.hardState === undefined ? undefined : readStoredState(store.hardState)
    const snapshot = store.snapshot === undefined ? undefined : readStoredSnapshot(store.snapshot).snapshot
    if (state?.lineage !== undefined) this.truth.learn(state.lineage)
    const index = store.first - 1
    const before = this.life.machine.before.get(this.plan.index)
    const { log } = this.asked
    if (index > 0) log.restart(boundaryOf(this.truth, before?.durable.log, state, index))
    for (const entry of raw) {
      const { lineage: of, term } = log.last
      log.push(this.truth.see(entry, of, term).entry)
    }
    for (const entry of before?.asked.log.entries ?? []) {
      if (entry.index <= index || log.at(entry.index) === entry || !entry.askedOf.delete(this.life.peerId)) continue
      if (entry.askedOf.size === 0) this.truth.forget(entry)
    }
    this.asked.state = state
    for (const entry of log.entries) entry.holders.add(this.memberId)
    this.asked.snapshot = snapshot
    this.#begunAfter = snapshot?.index ?? 0
    this.durable = { log: log.copy(), state, snapshot }
    this.#sim.tell((probe) => probe.onOpened?.(this, before))
    this.life.machine.before.set(this.plan.index, this)
    if (state !== undefined) this.#markCommitted(state.commit)
  }

  #onWriting({ reset, truncateFrom, entries = [], hardState }: LogWrite): () => void {
    const { asked, truth } = this
    const before = asked.state
    const owner = this.memberId
    const gone = reset === undefined ? [] : asked.log.restart({ ...reset, lineage: undefined })
    // What it held while it was that member may have made something committed: it stays on record as a holder.
    for (const entry of gone) if (entry.index > this.#begunAfter) this.gaveUp.add(entry)
    if (reset !== undefined) this.#sim.tell((probe) => probe.onAnew?.(this, gone))
    if (reset !== undefined) this.#begunAfter = 0
    if (truncateFrom !== undefined) {
      const dropped = asked.log.cut(truncateFrom)
      for (const entry of dropped) entry.holders.delete(owner)
      if (dropped.length > 0) this.#sim.tell((probe) => probe.onTruncate?.(this, dropped))
    }
    const state = hardState === undefined ? undefined : readStoredState(hardState)
    if (state?.lineage !== undefined) truth.learn(state.lineage)
    const added = entries.map((raw) => {
      const { lineage, term, index } = asked.log.last
      const isKnownBefore = asked.log.entries.length > 0 || index === 0
      const { entry, isNew } = truth.see(raw, lineage, isKnownBefore ? term : undefined)
      if (isNew) truth.inherit(entry, asked.log)
      else this.#sim.tell((probe) => probe.onSame?.(this, entry, raw, isKnownBefore ? term : undefined))
      asked.log.push(entry)
      entry.askedOf.add(this.life.peerId)
      this.#sim.tell((probe) => probe.onAppend?.(this, entry))
      return entry
    })
    if (state !== undefined) {
      asked.state = state
      if (before?.incarnation !== state.incarnation) this.#marked = 0
      this.#sim.tell((probe) => probe.onState?.(this, before, state))
    }
    const holder = this.memberId
    const done = this.#pend(true, (holding) => {
      if (reset !== undefined) holding.log.restart({ ...reset, lineage: undefined })
      if (truncateFrom !== undefined) holding.log.cut(truncateFrom)
      for (const entry of added) holding.log.push(entry)
      if (state !== undefined) holding.state = state
    })
    if (state !== undefined) this.#markCommitted(state.commit)
    return () => {
      if (!this.isOpen && this.life.state !== 'leaving') return
      done()
      for (const entry of added) if (asked.log.at(entry.index) === entry) entry.holders.add(holder)
    }
  }

  #onSaving({ meta = new Uint8Array() }: NewSnapshot, also: LogWrite | undefined): () => void {
    const { snapshot } = readStoredSnapshot({ meta })
    if (also?.reset !== undefined) this.#sim.seen.fetched += 1
    const { truth } = this
    truth.learn(snapshot.lineage)
    const lineage = truth.ownerOf(snapshot.lineage.id, snapshot.index)
    this.#sim.tell((probe) => probe.onSnapshot?.(this, snapshot))
    return this.#change((holding) => {
      holding.snapshot = snapshot
      if (also?.reset !== undefined) holding.log.restart({ index: snapshot.index, term: snapshot.term, lineage })
    })
  }

  /** Does it to what has been asked now, and to what is durable when the answer is called. */
  #change(change: Pending['change']): () => void {
    change(this.asked)
    return this.#pend(false, change)
  }

  #pend(isWrite: boolean, change: Pending['change']): () => void {
    const pending = { isWrite, change }
    this.pending.add(pending)
    return () => {
      if (!this.isOpen && this.life.state !== 'leaving') return
      this.pending.delete(pending)
      change(this.durable)
    }
  }

  /** Its machine has applied something. */
  protected onApplied(what: Pick<Applied, 'change' | 'reply' | 'chain'>, { index, offset, term }: ApplyContext): void {
    if (!this.isOpen && this.life.state !== 'leaving') return
    const entry = this.asked.log.at(index)
    if (entry === undefined || entry.term !== term) {
      const problem = `${this.name} applied change ${what.change.id} at ${index} of term ${term}, where its log has ${entry === undefined ? 'nothing' : `term ${entry.term}`}`
      return this.#sim.fail('one-order', 'every member applies what is in its log (docs/consistency.md, promise 1)', problem)
    }
    this.#markCommitted(index)
    const applied = { ...what, entry, offset }
    const first = entry.applied[offset]
    if (first === undefined) this.truth.apply(applied)
    this.#sim.tell((probe) => probe.onApply?.(this, applied, first))
    this.applied = { index, offset }
  }

  /** Whoever applies an entry, or says that it is committed, says so of everything before it. */
  #markCommitted(upTo: Index): void {
    const { log } = this.asked
    for (let index = Math.max(this.#marked, log.boundary.index) + 1; index <= upTo; index++) {
      const entry = log.at(index)
      if (entry === undefined) break
      this.#marked = index
      this.#mark(entry)
    }
  }

  #mark(entry: SeenEntry): void {
    const history = this.lineage === undefined ? undefined : this.truth.histories.get(this.lineage)
    if (history === undefined) return
    const known = history.committed.get(entry.index)
    if (known === undefined) history.committed.set(entry.index, entry)
    this.#sim.tell((probe) => probe.onCommit?.(this, entry, known))
  }
}

/** Where a reopened log begins: as it was left, or, when it was pruned in the last moment, as its history says. */
function boundaryOf(truth: Truth, left: LogMirror | undefined, state: StoredState | undefined, index: Index): Boundary {
  if (left?.boundary.index === index) return left.boundary
  const entry = left?.at(index)
  if (entry !== undefined) return { index, term: entry.term, lineage: entry.lineage }
  return { index, term: 0, lineage: state?.lineage === undefined ? undefined : truth.ownerOf(state.lineage.id, index) }
}
