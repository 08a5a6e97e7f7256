import { isDeepStrictEqual } from 'node:util'
import { datumCodec, seededPrng, uniqueId } from '@mosaik/core'
import type { Codec, Prng } from '@mosaik/core'
import type { StateMachine } from '../../types.ts'
import { isSame } from '../machine-state.ts'
import type { SimMachine } from '../sim-group/types.ts'
import { Replica } from './replica.ts'
import { shown } from './shown.ts'
import type { StateMachineBuilder } from './types.ts'

export const CODECS = 'commands, queries, results, replies and states come out of their codecs as they went in'
/** For a machine's own codecs, by what they are for. */
export type Codecs = Readonly<Record<'command' | 'query' | 'result' | 'reply' | 'snapshot', Codec<unknown>>>

/** Commands and queries drawn from a seed, and any number of machines that are given them. */
export class History {
  readonly rule: string
  readonly seed: number
  /** For what a rule draws itself. */
  readonly prng: Prng
  /** As they were drawn. */
  readonly commands: readonly unknown[]
  readonly queries: readonly unknown[]
  readonly codecs: Codecs
  readonly context: { readonly groupId: ReturnType<typeof uniqueId>; readonly networkId: ReturnType<typeof uniqueId> } = {
    groupId: uniqueId('a group'),
    networkId: uniqueId('a network'),
  }
  readonly #builder: StateMachineBuilder<SimMachine>

  constructor(rule: string, builder: StateMachineBuilder<SimMachine>, seed: number, length: number) {
    this.rule = rule
    this.seed = seed
    this.#builder = builder
    this.prng = seededPrng(`rule ${seed}`)
    const prng = seededPrng(`history ${seed}`)
    this.commands = Array.from({ length }, () => builder.command(prng))
    this.queries = builder.query === undefined ? [] : Array.from({ length }, () => builder.query?.(prng))
    const { codecs = {} } = this.create() as StateMachine<unknown, unknown, unknown, unknown>
    const { command, query, result, reply, snapshot } = codecs
    this.codecs = {
      command: datumCodec(command), query: datumCodec(query), result: datumCodec(result), reply: datumCodec(reply), snapshot: datumCodec(snapshot),
    } // prettier-ignore
  }

  create(): SimMachine {
    return this.#builder.create()
  }

  /** A fresh machine that has had so many commands. */
  replica(commands = 0): Replica {
    const replica = new Replica(this)
    for (let i = 0; i < commands; i++) replica.apply(i)
    return replica
  }

  /** From 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.prng.float() * end)
  }

  /** Some points of the history, in order: before the first command, after the last, and a few between. */
  points(): readonly number[] {
    const { length } = this.commands
    return [0, ...Array.from({ length: 3 }, () => this.below(length)).toSorted((a, b) => a - b), length]
  }

  encode(kind: keyof Codecs, value: unknown, after: number): Uint8Array {
    try {
      return this.codecs[kind].encode(value).slice()
    } catch (error) {
      return this.fail(after, `a ${kind} cannot be encoded: ${String(error)}`, CODECS, error)
    }
  }

  decode(kind: keyof Codecs, bytes: Uint8Array, after: number): unknown {
    try {
      return this.codecs[kind].decode(bytes)
    } catch (error) {
      return this.fail(after, `a ${kind} cannot be decoded: ${String(error)}`, CODECS, error)
    }
  }

  /** As it is on the other side of its codec. */
  through(kind: keyof Codecs, value: unknown, after: number): unknown {
    return this.decode(kind, this.encode(kind, value, after), after)
  }

  /** Fails unless a value comes through its codec as it is. */
  survives(kind: keyof Codecs, value: unknown, after: number): void {
    const other = this.through(kind, value, after)
    if (!isDeepStrictEqual(other, value)) this.fail(after, `a ${kind} went in as ${shown(value)} and came out as ${shown(other)}`, CODECS)
  }

  /** Fails unless two machines have answered the same. */
  same(after: number, kind: 'reply' | 'result', expected: unknown, found: unknown, what: string): void {
    if (isSame(this.encode(kind, expected, after), this.encode(kind, found, after))) return
    this.fail(after, `${what} has the ${kind} ${shown(found)} instead of ${shown(expected)}`)
  }

  /** The rule is broken after so many commands, by the last of them or what came then. */
  fail(after: number, what: string, rule: string = this.rule, cause?: unknown): never {
    const where = after === 0 ? 'before the first command' : `at command ${after} of ${this.commands.length}`
    throw new Error(`broken rule: ${rule}: ${what} (${where}, seed ${this.seed})`, { cause })
  }
}
