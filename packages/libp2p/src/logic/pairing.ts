// Which of several connections between two peers lives. Pure; one state per peer. The rule, in words:
//
// The dialer of a connection says hello on it, the acceptor answers. Nothing but a hello travels on a connection before
// its answer, so a connection may be dropped until then without harm. A peer has one hello under way at a time, and
// numbers them. When the hellos of both cross, the one of the peer with the smaller id is answered and the other one is
// void: the larger peer drops its own attempt as it answers, and its ack names the last number it has used, below which
// every hello is void; the smaller peer holds the other's hello back until its own is answered. Any other hello replaces
// the connection there was, which its sender no longer has.

/** A connection, by the driver's name for it. */
export type ConnectionKey = string

export interface PairState {
  readonly current: Current | undefined
  /** Our hello that has no answer yet. */
  readonly greeting: ConnectionKey | undefined
  /** Connections that we have dialled and that wait behind `greeting`. */
  readonly waiting: readonly Dialled[]
  /** Hellos of the peer that wait for the answer to ours. */
  readonly parked: readonly Greeted[]
}

export interface Current {
  readonly key: ConnectionKey
  readonly incarnation: string
  /** Hellos of the peer up to this number are void; some may still be on the way. */
  readonly floor: number
}

export interface Dialled {
  readonly key: ConnectionKey
  /** The number of our hello: higher than any before it. */
  readonly attempt: number
  /** The connection there is may be well; this one shall take over. */
  readonly upgrade: boolean
}

export interface Greeted {
  readonly key: ConnectionKey
  readonly incarnation: string
  readonly attempt: number
  readonly upgrade: boolean
}

export type PairEvent =
  | ({ readonly type: 'dialled' } & Dialled)
  | ({ readonly type: 'hello' } & Greeted)
  | { readonly type: 'acked'; readonly key: ConnectionKey; readonly incarnation: string; readonly crossing: number }
  | { readonly type: 'gone'; readonly key: ConnectionKey }

export type PairEffect =
  | ({ readonly type: 'greet' } & Dialled)
  | { readonly type: 'ack'; readonly key: ConnectionKey }
  /** One connection too many, which nothing depends on. */
  | { readonly type: 'drop'; readonly key: ConnectionKey }
  /** The peer has given this connection up, or runs anew: its streams are dead. */
  | { readonly type: 'replace'; readonly key: ConnectionKey }
  /** Lives on until its streams have ended; new ones use the current one. */
  | { readonly type: 'retire'; readonly key: ConnectionKey }
  | { readonly type: 'verified'; readonly key: ConnectionKey }
  | { readonly type: 'lost' }

export const NO_PAIR: PairState = Object.freeze({ current: undefined, greeting: undefined, waiting: [], parked: [] })

/** One step. `smaller`: our peer id sorts before the other's. */
export function pairStep(state: PairState, event: PairEvent, smaller: boolean): readonly [PairState, readonly PairEffect[]] {
  switch (event.type) {
    case 'dialled':
      return onDialled(state, event)
    case 'hello':
      return onHello(state, event, smaller)
    case 'acked':
      return onAcked(state, event)
    case 'gone':
      return onGone(state, event.key)
  }
}

/** True when nothing is left to remember. */
export const isIdle = (state: PairState): boolean =>
  state.current === undefined && state.greeting === undefined && state.waiting.length === 0 && state.parked.length === 0

type Step = readonly [PairState, readonly PairEffect[]]

function onDialled(state: PairState, { key, attempt, upgrade }: Dialled): Step {
  if (state.current !== undefined && !upgrade) return [state, [{ type: 'drop', key }]]
  if (state.greeting !== undefined) return [{ ...state, waiting: [...state.waiting, { key, attempt, upgrade }] }, []]
  return [{ ...state, greeting: key }, [{ type: 'greet', key, attempt, upgrade }]]
}

function onHello(state: PairState, { key, incarnation, attempt, upgrade }: Greeted, smaller: boolean): Step {
  const { current, greeting } = state
  if (current?.incarnation === incarnation && attempt <= current.floor) return [state, [{ type: 'drop', key }]]
  if (greeting !== undefined && smaller) return [{ ...state, parked: [...state.parked, { key, incarnation, attempt, upgrade }] }, []]
  const effects: PairEffect[] = [{ type: 'ack', key }]
  if (greeting !== undefined) effects.push({ type: 'drop', key: greeting })
  return settle({ ...state, greeting: undefined }, { key, incarnation, floor: attempt }, upgrade, effects)
}

function onAcked(state: PairState, { key, incarnation, crossing }: PairEvent & { type: 'acked' }): Step {
  if (state.greeting !== key) return [state, []]
  return settle({ ...state, greeting: undefined }, { key, incarnation, floor: crossing }, true, [])
}

/** A new current connection: everything else of this pair goes. */
function settle(state: PairState, current: Current, gentle: boolean, effects: PairEffect[]): Step {
  const before = state.current
  effects.push({ type: 'verified', key: current.key })
  if (before !== undefined)
    effects.push({ type: gentle && before.incarnation === current.incarnation ? 'retire' : 'replace', key: before.key })
  for (const { key } of [...state.waiting, ...state.parked]) effects.push({ type: 'drop', key })
  return [{ current, greeting: undefined, waiting: [], parked: [] }, effects]
}

function onGone(state: PairState, key: ConnectionKey): Step {
  const waiting = state.waiting.filter((each) => each.key !== key)
  const parked = state.parked.filter((each) => each.key !== key)
  if (state.current?.key === key) return next({ ...state, current: undefined, waiting, parked }, [{ type: 'lost' }])
  const greeting = state.greeting === key ? undefined : state.greeting
  return next({ ...state, greeting, waiting, parked }, [])
}

/** With no hello of ours under way: the latest held-back hello is answered, or the next of ours said. */
function next(state: PairState, effects: PairEffect[]): Step {
  if (state.greeting !== undefined) return [state, effects]
  const held = state.parked.at(-1)
  if (held !== undefined) {
    effects.push({ type: 'ack', key: held.key })
    const rest = { ...state, parked: state.parked.slice(0, -1) }
    return settle(rest, { key: held.key, incarnation: held.incarnation, floor: held.attempt }, held.upgrade, effects)
  }
  const [first, ...waiting] = state.waiting
  if (first === undefined) return [state, effects]
  effects.push({ type: 'greet', ...first })
  return [{ ...state, greeting: first.key, waiting }, effects]
}
