import { datumCodec, uniqueId } from '@mosaik/core'
import type { ApplyContext, SnapshotItem } from '@mosaik/raft'
import { outcomeOf } from '../../src/machines/index.ts'
import type { AppliedWrite, CollectionMachine, Command, Outcome, Reply } from '../../src/machines/index.ts'

export const id = uniqueId('machines')

/** A machine behind its codecs, as a member has it. */
export class Replica<State> {
  readonly machine: CollectionMachine<State>
  readonly writes: AppliedWrite[] = []
  resets = 0
  dropped = 0
  readonly misfits: { readonly part: string; readonly reason: string }[] = []
  #index = 0

  constructor(machine: CollectionMachine<State>) {
    this.machine = machine
    machine.observe({
      applied: (write) => void this.writes.push(write),
      replaced: (dropped) => {
        this.resets++
        this.dropped += dropped
      },
      misfit: (part, reason) => void this.misfits.push({ part, reason }),
    })
  }

  get state(): State {
    return this.machine.state
  }

  get codecs(): { command: ReturnType<typeof datumCodec<Command>>; reply: ReturnType<typeof datumCodec<Reply>> } {
    return { command: datumCodec(this.machine.codecs?.command), reply: datumCodec(this.machine.codecs?.reply) }
  }

  encode(method: string, ...args: readonly unknown[]): Uint8Array {
    return this.codecs.command.encode({ method, args })
  }

  deliver(bytes: Uint8Array): Outcome {
    const context: ApplyContext = { index: ++this.#index, offset: 0, term: 1, groupId: uniqueId('g') as ApplyContext['groupId'], networkId: uniqueId('n') as ApplyContext['networkId'] } // prettier-ignore
    const { reply } = this.codecs
    return outcomeOf(reply.decode(reply.encode(this.machine.apply(this.codecs.command.decode(bytes), context))))
  }

  /** Writes, and answers the result. */
  write(method: string, ...args: readonly unknown[]): unknown {
    const reply = this.deliver(this.encode(method, ...args))
    if ('refused' in reply) throw new Error(`refused: ${reply.refused}`)
    return reply.result
  }

  items(from?: Uint8Array): SnapshotItem[] {
    return [...this.machine.source().items(from)]
  }

  install(items: readonly SnapshotItem[], together = 3): void {
    const receiver = this.machine.receiver()
    for (let i = 0; i < items.length; i += together) receiver.add(items.slice(i, i + together))
    receiver.commit()
  }
}

/** Items as text that can be compared. */
export function hexOf(items: readonly SnapshotItem[]): string[] {
  return items.map((item) => item.map((bytes) => Buffer.from(bytes).toString('hex')).join(' '))
}

/** A value's own text: the same for what is equal by value, different for anything else. Made without anything of ours. */
export function textOf(value: unknown): string {
  if (value instanceof Date) return `date ${value.getTime()}`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${[...(value as Uint8Array)].join(',')}`
  if (value instanceof Map) return `map {${[...value].map((entry) => entry.map(textOf).join(':')).toSorted().join(',')}}` // prettier-ignore
  if (value instanceof Set) return `set {${[...value].map(textOf).toSorted().join(',')}}`
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${textOf(v)}`).toSorted().join(',')}}` // prettier-ignore
  return `${typeof value} ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`
}
