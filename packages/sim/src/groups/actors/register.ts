import type { ApplyContext, LineageId, StateMachine } from '@mosaik/raft'

/** What a key holds: a value that is written, and a count that is only added to. */
export interface Register {
  readonly value: number
  readonly count: number
}

export type Change =
  | { readonly id: number; readonly key: number; readonly what: 'write'; readonly value: number }
  | { readonly id: number; readonly key: number; readonly what: 'swap'; readonly from: number; readonly value: number }
  | { readonly id: number; readonly key: number; readonly what: 'add' }

/** What the register holds afterwards. */
export interface Reply extends Register {
  /** A swap found what it expected; anything else always does. */
  readonly ok: boolean
}

/** The register, and what answered. */
export interface Seen extends Register {
  /** The last change that it has had. */
  readonly last: { readonly index: number; readonly offset: number }
  readonly chain: number
  /** In which history the member was. */
  readonly lineage: LineageId | undefined
}

export interface RegistersState {
  readonly registers: readonly Register[]
  /** The position of the last change. */
  readonly index: number
  readonly offset: number
  /** A hash of all changes and their positions. */
  readonly chain: number
}

/** Whoever watches a machine from outside: not a part of its state. */
export interface Witness {
  lineage(): LineageId | undefined
  applied(change: Change, reply: Reply, context: ApplyContext, chain: number): void
  taken(state: RegistersState): void
  installed(state: RegistersState): void
}

export const EMPTY: Register = { value: 0, count: 0 }

export function changed(before: Register, change: Change): Reply {
  if (change.what === 'add') return { value: before.value, count: before.count + 1, ok: true }
  const ok = change.what === 'write' || before.value === change.from
  return { value: ok ? change.value : before.value, count: before.count, ok }
}

/** Registers by key. Each member has one of its own. */
export class Registers implements StateMachine<Change, number, Seen, Reply, RegistersState> {
  readonly name = 'registers'
  readonly #witness: Witness
  #state: RegistersState = { registers: [], index: 0, offset: 0, chain: 0 }
  #registers: Register[] = []

  constructor(witness: Witness) {
    this.#witness = witness
  }

  get chain(): number {
    return this.#state.chain
  }

  apply(change: Change, context: ApplyContext): Reply {
    const { value, count, ok } = changed(this.#registers[change.key] ?? EMPTY, change)
    while (this.#registers.length < change.key) this.#registers.push(EMPTY)
    this.#registers[change.key] = { value, count }
    const chain = mix(mix(mix(this.#state.chain, change.id), context.index), context.offset)
    this.#state = { ...this.#state, index: context.index, offset: context.offset, chain }
    const reply = { value, count, ok }
    this.#witness.applied(change, reply, context, chain)
    return reply
  }

  query(key: number): Seen {
    const { index, offset, chain } = this.#state
    return { ...(this.#registers[key] ?? EMPTY), last: { index, offset }, chain, lineage: this.#witness.lineage() }
  }

  snapshot(): RegistersState {
    const state = { ...this.#state, registers: [...this.#registers] }
    this.#witness.taken(state)
    return state
  }

  install(state: RegistersState): void {
    this.#state = { ...state, registers: [] }
    this.#registers = [...state.registers]
    this.#witness.installed(state)
  }
}

function mix(hash: number, word: number): number {
  const turned = Math.imul((((hash << 13) | (hash >>> 19)) ^ word) >>> 0, 0x9e3779b1)
  return (turned ^ (turned >>> 15)) >>> 0
}
