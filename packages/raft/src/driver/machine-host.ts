import { datumCodec, MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import type { ApplyContext, KeyedStateMachine, SnapshotItem, SnapshotReceiver, SnapshotSource, StateMachine } from '../types.ts'
import { COMMAND_HEADER_BYTES, MAX_COMMAND_BYTES, MAX_COMMANDS } from '../wire/entry-codec.ts'

const NO_KEY = new Uint8Array()

/** Any user's machine: what it takes and gives is its codecs' business. */
export type AnyMachine = KeyedStateMachine<unknown, unknown, unknown, unknown> | StateMachine<unknown, unknown, unknown, unknown, unknown>

export function isKeyed(machine: AnyMachine | undefined): machine is KeyedStateMachine<unknown, unknown, unknown, unknown> {
  const { source, receiver } = (machine ?? {}) as Partial<KeyedStateMachine<unknown, unknown, unknown, unknown>>
  return typeof source === 'function' && typeof receiver === 'function'
}

/** A reply that is remembered: as bytes, since the machine and the caller may go on changing the object that it was. */
class KeptReply {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** For groups that only elect. */
export function electionMachine(): AnyMachine {
  return { name: 'election', apply: () => undefined, query: () => undefined, snapshot: () => null, install: () => {} }
}

/**
 * A user's state machine behind bytes. What goes wrong on the way in (a command that does not fit its type) is the caller's error;
 * what goes wrong while commands are applied ends the group on this node, since the other members have applied them.
 */
export class MachineHost {
  readonly #machine: AnyMachine
  readonly #commands: Codec<unknown>
  readonly #queries: Codec<unknown>
  readonly #replies: Codec<unknown>
  readonly #snapshots: Codec<unknown>

  constructor(machine: AnyMachine) {
    const { command, query, reply, snapshot } = (machine.codecs ?? {}) as NonNullable<StateMachine<unknown, unknown, unknown>['codecs']>
    this.#machine = machine
    this.#commands = datumCodec(command)
    this.#queries = datumCodec(query)
    this.#replies = datumCodec(reply)
    this.#snapshots = datumCodec(snapshot)
  }

  /** Throws `ERR_INVALID_DATUM`, and `ERR_TOO_LARGE` with the commands: what passes here fits into a frame, and into the log. */
  encodeCommands(commands: readonly unknown[]): Uint8Array[] {
    const { length } = commands
    if (length > MAX_COMMANDS) throw tooLarge(`${length} commands in a batch; ${MAX_COMMANDS} are allowed`, commands)
    const header = length === 1 ? 0 : COMMAND_HEADER_BYTES // many small commands are more than their bytes
    let bytes = 0
    return commands.map((command) => {
      const payload = this.#commands.encode(command)
      bytes += header + payload.byteLength
      if (bytes > MAX_COMMAND_BYTES) {
        const what = length === 1 ? 'the command has' : `the commands, with ${header} bytes for each, together have`
        throw tooLarge(`${what} more than ${MAX_COMMAND_BYTES} encoded bytes`, commands)
      }
      return payload
    })
  }

  decodeCommand(payload: Uint8Array): unknown {
    return this.#commands.decode(payload)
  }

  /** Answers the reply, to be kept. Throws `ERR_GROUP_FAILED`. */
  apply(payload: Uint8Array, context: ApplyContext): unknown {
    try {
      const reply = this.#machine.apply(this.#commands.decode(payload), context)
      return typeof reply === 'object' && reply !== null ? new KeptReply(this.#replies.encode(reply)) : reply
    } catch (cause) {
      throw this.#failure(`applying the command at index ${context.index}, offset ${context.offset}`, cause)
    }
  }

  /** Throws what the machine throws: a query changes nothing. */
  query(query: unknown): unknown {
    this.#queries.encode(query)
    return this.#machine.query(query)
  }

  encodeReply(kept: unknown): Uint8Array {
    return kept instanceof KeptReply ? kept.bytes : this.#replies.encode(kept)
  }

  decodeReply(bytes: Uint8Array): unknown {
    return new KeptReply(bytes)
  }

  /** What the caller gets: nobody else has it. */
  openReply(kept: unknown): unknown {
    return kept instanceof KeptReply ? this.#replies.decode(kept.bytes) : kept
  }

  /**
   * The state as it is now, for later: of a machine without items its encoded value is the only one. Throws `ERR_GROUP_FAILED`, also
   * while the items are read.
   */
  source(): SnapshotSource {
    const machine = this.#machine
    const doing = 'taking a snapshot'
    return this.#guarded(doing, () =>
      isKeyed(machine) ? this.#guardedSource(machine.source()) : singleItem(this.#snapshots.encode(machine.snapshot())),
    )
  }

  /** Builds another state aside. Throws `ERR_GROUP_FAILED`, also from the receiver. */
  receiver(): SnapshotReceiver {
    const machine = this.#machine
    const doing = 'installing a snapshot'
    const receiver = this.#guarded(doing, () => (isKeyed(machine) ? machine.receiver() : this.#valueReceiver(machine)))
    return {
      add: (items) => this.#guarded(doing, () => receiver.add(items)),
      commit: () => this.#guarded(doing, () => receiver.commit()),
    }
  }

  #guardedSource(source: SnapshotSource): SnapshotSource {
    const items = (from?: Uint8Array): Iterable<SnapshotItem> => this.#guardedItems(source, from)
    return { count: source.count, items }
  }

  *#guardedItems(source: SnapshotSource, from: Uint8Array | undefined): Generator<SnapshotItem, void, undefined> {
    try {
      let given = 0
      for (const item of source.items(from)) {
        given++
        yield item
      }
      if (from === undefined && given !== source.count) throw new Error(`it has ${source.count} items and gave ${given}`)
    } catch (cause) {
      throw this.#failure('giving the items of a snapshot', cause)
    }
  }

  #valueReceiver(machine: StateMachine<unknown, unknown, unknown, unknown, unknown>): SnapshotReceiver {
    let state: unknown
    return {
      add: ([item]) => {
        state = this.#snapshots.decode((item as SnapshotItem)[1])
      },
      commit: () => machine.install(state),
    }
  }

  #guarded<T>(doing: string, work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw this.#failure(doing, cause)
    }
  }

  #failure(doing: string, cause: unknown): MosaikError {
    const message = cause instanceof Error ? cause.message : String(cause)
    return new MosaikError('ERR_GROUP_FAILED', `the state machine '${this.#machine.name}' threw while ${doing}: ${message}`, { cause })
  }
}

function tooLarge(what: string, commands: readonly unknown[]): MosaikError {
  return new MosaikError('ERR_TOO_LARGE', `${what}; split them`, { commands })
}

function singleItem(value: Uint8Array): SnapshotSource {
  return { count: 1, items: (from = NO_KEY) => (from.length === 0 ? [[NO_KEY, value]] : []) }
}
