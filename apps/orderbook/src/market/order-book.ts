import { check } from '@mosaik/core'
import type { KeyedStateMachine } from '@mosaik/raft'
import { brokenSums } from './broken-sums.ts'
import { commandCodec } from './command-codec.ts'
import { execute } from './execute.ts'
import { receiverOf } from './install.ts'
import { LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import { createMarket } from './market.ts'
import { answer, fillsFrom } from './queries.ts'
import type { Answer, Answers, Fills, Query } from './queries.ts'
import { sourceOf } from './snapshot.ts'
import type { Command, Reply } from './types.ts'

/** The market as a state machine: what a group of matchers replicates. */
export interface OrderBook extends KeyedStateMachine<Command, Query, Answer, Reply> {
  /** As a query, of what has been applied here. */
  read<Q extends Query>(query: Q): Answers[Q['type']]
  /** Fills from a number on, as the query `fills`. Who publishes reads here what a leader before it may not have published. */
  fillsFrom(number: number, limit?: number): Fills
  /** Names of traders in the order of their first instructions, from a place on, from 0. */
  traders(from: number, limit: number): string[]
  /** Sums that must hold and do not, in words. O(open orders). */
  brokenSums(): string[]
}

/**
 * Limits, up to the default ones, are a part of the machine's name, and so of the group's id: members with others never meet. Throws `ERR_INVALID_OPTION` for
 * limits that are none.
 */
export function createOrderBook(limits: Limits = LIMITS): OrderBook {
  const values = (Object.keys(LIMITS) as (keyof Limits)[]).map((name) => check.integer(name, limits[name], { min: 1, max: LIMITS[name] }))
  let market = createMarket(limits)
  return {
    name: ['mosaik', 'orderbook', ...values].join('.'),
    version: 1,
    codecs: { command: commandCodec(limits.instructions) },
    apply: (command) => ('refused' in command ? command : execute(market, command)),
    query: (query) => answer(market, query),
    source: () => sourceOf(market),
    receiver: () => receiverOf(limits, (other) => void (market = other)),
    read: <Q extends Query>(query: Q) => answer(market, query) as Answers[Q['type']],
    fillsFrom: (number, limit) => fillsFrom(market, number, limit),
    traders: (from, limit) => market.traders.slice(from, from + limit).map(({ name }) => name),
    brokenSums: () => brokenSums(market),
  }
}
