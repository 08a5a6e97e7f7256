import { canonical, cbor, decodeCanonical } from '@mosaik/core'
import type { Prng } from '@mosaik/core'
import type { StateMachineBuilder } from '../../src/testing/state-machine/types.ts'
import type { KeyedStateMachine, SnapshotItem, SnapshotReceiver, SnapshotSource, StateMachine } from '../../src/types.ts'

export type Command = { readonly put: string; readonly value: bigint } | { readonly remove: string }
export type Reply = { readonly was: bigint | null }
type State = readonly (readonly [string, bigint])[]

/** Numbers by name; the seed of all good and bad machines of these tests. */
export class Register implements StateMachine<Command, string, bigint | null, Reply, State> {
  readonly name: string = 'register'
  readonly version: number = 1
  readonly codecs: NonNullable<StateMachine<Command, string, bigint | null, Reply, State>['codecs']> = { reply: cbor<Reply>() }
  protected values: Map<string, bigint> = new Map()

  apply(command: Command): Reply {
    const key = 'put' in command ? command.put : command.remove
    const was = this.values.get(key) ?? null
    if ('put' in command) this.values.set(key, command.value)
    else this.values.delete(key)
    return { was }
  }
  query(key: string): bigint | null {
    return this.values.get(key) ?? null
  }
  snapshot(): State {
    return [...this.values].toSorted(([a], [b]) => (a < b ? -1 : 1))
  }
  install(state: State): void {
    this.values = new Map(state)
  }
}

/** The same with one item for each name. */
export class Items implements KeyedStateMachine<Command, string, bigint | null, Reply> {
  readonly name: string = 'items'
  protected values: Map<string, bigint> = new Map()

  apply(command: Command): Reply {
    return Register.prototype.apply.call(this as never, command)
  }
  query(key: string): bigint | null {
    return this.values.get(key) ?? null
  }
  source(): SnapshotSource {
    const items = [...this.values].map(([key, value]): SnapshotItem => [Buffer.from(key), canonical(value)])
    items.sort(([a], [b]) => Buffer.compare(a, b))
    return { count: items.length, items: (from = new Uint8Array()) => items.filter(([key]) => Buffer.compare(key, from) >= 0) }
  }
  receiver(): SnapshotReceiver {
    const aside = new Map<string, bigint>()
    return {
      add: (items) => {
        for (const [key, value] of items) aside.set(Buffer.from(key).toString(), BigInt(decodeCanonical(value) as number | bigint))
      },
      commit: () => void (this.values = aside),
    }
  }
}

const KEYS = ['a', 'b', 'c', 'ab', 'ß']

export function builderOf<M extends Register | Items>(create: () => M): () => StateMachineBuilder<M> {
  const keyOf = (prng: Prng): string => KEYS[prng.uint32() % KEYS.length] as string
  const command = (prng: Prng): Command =>
    prng.uint32() % 4 === 0 ? { remove: keyOf(prng) } : { put: keyOf(prng), value: BigInt(prng.uint32()) ** 3n }
  return () => ({ create, command, query: keyOf }) as unknown as StateMachineBuilder<M>
}
