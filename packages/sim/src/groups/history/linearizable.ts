/** One operation of a history: it took effect at one moment between these two. */
export interface Operation<S> {
  readonly calledAt: number
  /** Infinity when nobody was told that it is over. */
  readonly endedAt: number
  /** The state after it, or undefined when it cannot have happened in this one. */
  readonly step: (state: S) => S | undefined
}

interface Moment {
  readonly operation: number
  readonly isCall: boolean
  next: Moment | undefined
  previous: Moment | undefined
  /** Of a call: its end. */
  end: Moment | undefined
}

/**
 * Whether all operations can be put in an order that agrees with real time and in which each is possible (Wing and Gong's search, with
 * Lowe's cache of what was tried: the same set of operations and the same state are not tried twice). States are compared by `key`.
 */
export function isLinearizable<S>(operations: readonly Operation<S>[], initial: S, key: (state: S) => string): boolean {
  const head: Moment = { operation: -1, isCall: false, next: chain(operations), previous: undefined, end: undefined }
  if (head.next !== undefined) head.next.previous = head
  const done: { readonly call: Moment; readonly before: S }[] = []
  const tried = new Set<string>()
  let set = 0n
  let state = initial
  let at = head.next
  while (at !== undefined) {
    const bit = 1n << BigInt(at.operation)
    if (at.isCall) {
      const after = (operations[at.operation] as Operation<S>).step(state)
      const mark = after === undefined ? '' : `${(set | bit).toString(36)} ${key(after)}`
      if (after !== undefined && !tried.has(mark)) {
        tried.add(mark)
        done.push({ call: at, before: state })
        set |= bit
        state = after
        lift(at)
        at = head.next
      } else at = at.next
    } else {
      // It is over and has found no place: the last choice was wrong.
      const last = done.pop()
      if (last === undefined) return false
      state = last.before
      set &= ~(1n << BigInt(last.call.operation))
      unlift(last.call)
      at = last.call.next
    }
  }
  return true
}

/** Calls and ends in the order of time; an end comes before a call of the same moment. */
function chain<S>(operations: readonly Operation<S>[]): Moment | undefined {
  const all: { readonly at: number; readonly moment: Moment }[] = []
  operations.forEach(({ calledAt, endedAt }, operation) => {
    const end: Moment = { operation, isCall: false, next: undefined, previous: undefined, end: undefined }
    all.push({ at: calledAt, moment: { operation, isCall: true, next: undefined, previous: undefined, end } }, { at: endedAt, moment: end })
  })
  all.sort((a, b) => (a.at === b.at ? Number(a.moment.isCall) - Number(b.moment.isCall) : a.at - b.at))
  all.forEach(({ moment }, i) => {
    moment.next = all[i + 1]?.moment
    moment.previous = all[i - 1]?.moment
  })
  return all[0]?.moment
}

/** Takes a call and its end out of the list. */
function lift(call: Moment): void {
  for (const { previous, next } of [call, call.end as Moment]) {
    if (previous !== undefined) previous.next = next
    if (next !== undefined) next.previous = previous
  }
}

/** Puts them back, the end first: the opposite order. */
function unlift(call: Moment): void {
  for (const moment of [call.end as Moment, call]) {
    if (moment.previous !== undefined) moment.previous.next = moment
    if (moment.next !== undefined) moment.next.previous = moment
  }
}
