import { admit } from './admission.ts'
import type { AdmissionRules } from './admission.ts'
import type { Held, Store } from './store.ts'
import { compareVersions } from './statement.ts'
import type { Statement } from './statement.ts'

/** Hex digits of the abbreviated digests in a summary. */
export const ABBREVIATED_DIGITS = 16
/** Stands for the details of someone who has departed, or of whom nothing is known. */
const NO_DETAILS = '0'.repeat(ABBREVIATED_DIGITS)

/** One statement, in brief: enough to decide who has the newer one and whether its details must travel. */
export interface SummaryItem {
  readonly key: string
  readonly startedAt: number
  readonly updatedAt: number
  /** First digits of the statement's id. */
  readonly id: string
  /** First digits of the digest of its details. */
  readonly details: string
}

/** Someone whose statement is asked for, and the details that are here already. */
export interface Wanted {
  readonly key: string
  readonly details: string
}

/** A statement to send, with or without its details. */
export interface Parcel {
  readonly statement: Statement
  readonly withDetails: boolean
}

export interface Delta {
  readonly send: readonly Parcel[]
  readonly want: readonly Wanted[]
}

function summarize(held: Held): SummaryItem {
  const { startedAt, updatedAt, id } = held.statement.head
  return { key: held.key, startedAt, updatedAt, id: id.slice(0, ABBREVIATED_DIGITS), details: detailsOf(held) }
}

/** Everything in these buckets, in brief. */
export function summaryOf(store: Store, buckets: Iterable<number>): SummaryItem[] {
  return [...heldIn(store, buckets)].map(summarize)
}

/** What the other side lacks and what it has that is newer, given its summary of these buckets. */
export function deltaOf(
  store: Store,
  buckets: Iterable<number>,
  theirs: readonly SummaryItem[],
  now: number,
  rules: AdmissionRules,
): Delta {
  const send: Parcel[] = []
  const want: Wanted[] = []
  const unseen = new Map(theirs.map((item) => [item.key, item]))
  for (const held of heldIn(store, buckets)) {
    const other = unseen.get(held.key)
    unseen.delete(held.key)
    const mine = summarize(held)
    const order = other === undefined ? 1 : compareVersions(mine, other)
    if (order > 0) send.push({ statement: held.statement, withDetails: other?.details !== mine.details })
    else if (order < 0 && isAdmissible(other as SummaryItem, now, rules)) want.push({ key: held.key, details: mine.details })
  }
  for (const other of unseen.values()) if (isAdmissible(other, now, rules)) want.push({ key: other.key, details: NO_DETAILS })
  return { send, want }
}

/** What can be answered to someone who asks for these. */
export function parcelsFor(store: Store, wanted: Iterable<Wanted>): Parcel[] {
  const parcels: Parcel[] = []
  for (const { key, details } of wanted) {
    const held = store.byKey(key)
    if (held !== undefined) parcels.push({ statement: held.statement, withDetails: detailsOf(held) !== details })
  }
  return parcels
}

export function detailsOf(held: Held | undefined): string {
  return held?.statement.head.details?.slice(0, ABBREVIATED_DIGITS) ?? NO_DETAILS
}

function isAdmissible(item: SummaryItem, now: number, rules: AdmissionRules): boolean {
  return admit(item, undefined, now, rules) === 'new'
}

function* heldIn(store: Store, buckets: Iterable<number>): Generator<Held> {
  for (const bucket of buckets) {
    for (const key of store.digest.keysIn(bucket)) yield store.byKey(key) as Held
  }
}
