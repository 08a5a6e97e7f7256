/** Whether somebody wants to have the first of a pair, or to give it away. */
export type Side = 'buy' | 'sell'

/** Names an instruction for ever: a trader counts its instructions, orders and cancels alike, from 1. */
export interface OrderId {
  /** 1 to 64 letters, digits and `. _ : @ / -`. */
  readonly trader: string
  /** From 1 to 2⁵³ − 1, without gaps. */
  readonly sequence: number
}

/** A limit order: so many lots at this price or a better one. What is not filled at once waits in the book. */
export interface Order extends OrderId {
  readonly type: 'order'
  /** As the name of a trader. */
  readonly pair: string
  readonly side: Side
  /** Of one lot, in ticks: 1 to 2⁵³ − 1. */
  readonly price: number
  /** In lots: 1 to 2⁵³ − 1. */
  readonly quantity: number
}

/** Takes what is left of an own order out of the book. */
export interface Cancel extends OrderId {
  readonly type: 'cancel'
  /** The sequence of that order. */
  readonly order: number
}

export type Instruction = Order | Cancel

/** Lots that have changed hands, at the price of the order that was waiting. */
export interface Fill {
  /** 1, 2, 3 … over all pairs. */
  readonly number: number
  readonly pair: string
  readonly price: number
  readonly quantity: number
  readonly buyer: OrderId
  readonly seller: OrderId
  /** Whose order came last and found the other waiting. */
  readonly taker: Side
}

/** What a member has sent that is no command, and why. Nothing of it is done. */
export interface Refused {
  readonly refused: string
}

/** Instructions of any traders, carried out in their order. At most `LIMITS.instructions`. */
export type Command = readonly Instruction[] | Refused

/**
 * Why an instruction was turned down. It has its sequence nevertheless, and is counted; but a trader for whom there is no room
 * (`trader-limit`) has no sequence yet.
 *
 * `no-such-order`: a cancel of what is not, or no longer, in the book. The others: one of `LIMITS` is reached.
 */
export type Rejection = 'no-such-order' | 'trader-limit' | 'pair-limit' | 'account-limit' | 'open-limit' | 'trader-open-limit'

/**
 * What became of one instruction. `duplicate`: one with this sequence was taken before, and this one is ignored. `gap`: one before it
 * is missing, and it is ignored, too: the trader sends again from `expected` on.
 */
export type Outcome =
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'gap'; readonly expected: number }
  | { readonly outcome: 'rejected'; readonly why: Rejection }

/** An instruction that was not taken, by its place in the command, from 0. */
export type Exception = Exclude<Outcome, { outcome: 'taken' }> & { readonly at: number }

export interface Executed {
  /** Instructions that were taken: all but the exceptions. */
  readonly taken: number
  /** In the order of the command. */
  readonly exceptions: readonly Exception[]
  /** Numbers of the first and the last fill that the command has made; null when it has made none. */
  readonly fills: readonly [first: number, last: number] | null
}

export type Reply = Executed | Refused
