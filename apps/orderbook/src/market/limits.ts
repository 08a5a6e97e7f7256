/** What a book holds at most. Whoever comes beyond it is turned down, see `Rejection`. */
export interface Limits {
  /** Names that have ever sent an instruction; they are remembered for ever. */
  readonly traders: number
  /** Pairs that an order has ever been taken for. */
  readonly pairs: number
  /** Traders with the pairs that they have ever had an order in. */
  readonly accounts: number
  readonly openOrders: number
  /** Also counts for an order that would be filled at once. */
  readonly openOrdersOfTrader: number
  /** The newest fills are kept, to be read again. */
  readonly fillsKept: number
  /** Of a command. */
  readonly instructions: number
}

export const LIMITS: Limits = {
  traders: 65_536,
  pairs: 1_024,
  accounts: 131_072,
  openOrders: 1_048_576,
  openOrdersOfTrader: 16_384,
  fillsKept: 65_536,
  instructions: 4_096,
}
