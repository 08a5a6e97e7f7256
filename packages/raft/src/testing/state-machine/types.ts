import type { Prng } from '@mosaik/core'
import type { Machine } from '../../types.ts'
import type { SimMachine } from '../sim-group/types.ts'
import type { History } from './history.ts'

/** What a machine takes as a command. */
export type CommandOf<M> = M extends Machine<infer Command, infer _Query, infer _Result, infer _Reply> ? Command : never
/** What a machine takes as a query. */
export type QueryOf<M> = M extends Machine<infer _Command, infer Query, infer _Result, infer _Reply> ? Query : never

/** Machines of one kind, and what they are asked to do. Made anew for each history, so it may remember what it has drawn. */
export interface StateMachineBuilder<M extends SimMachine> {
  /** Another machine, in its first state. */
  create(): M
  /** Any command that may come, also those that cannot be carried out. Over few keys and values, so that they get in each other's way. */
  command(prng: Prng): CommandOf<M>
  /** Without it the rules for queries are left out. */
  query?(prng: Prng): QueryOf<M>
  /** The machine looks at the context of its commands; then commands may do something else when they come in other batches. */
  readonly usesContext?: boolean
}

export interface StateMachineSuiteOptions {
  /** Histories that are played for each rule. Default 10. */
  readonly histories?: number
  /** Commands of a history. Default 100. */
  readonly commands?: number
  /** Of the first history; each next one has the next number. With `histories: 1` it plays the one that an error names. Default 1. */
  readonly seed?: number
}

export interface StateMachineCase {
  /** The rule. */
  readonly name: string
  readonly needs?: 'queries' | 'items' | 'no context'
  /** Throws when the rule is broken, naming it, the command and the seed. */
  readonly run: (history: History) => void
}
