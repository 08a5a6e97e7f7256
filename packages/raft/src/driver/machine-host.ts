import { datumCodec, MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import type { ApplyContext, StateMachine } from '../types.ts'

/** Largest encoded command, and batch of commands, bytes. */
export const MAX_COMMAND_BYTES: number = 16 * 1024 * 1024

/** Any user's machine: what it takes and gives is its codecs' business. */
export type AnyMachine = StateMachine<unknown, unknown, unknown, unknown, unknown>

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
    const { command, query, reply, snapshot } = machine.codecs ?? {}
    this.#machine = machine
    this.#commands = datumCodec(command)
    this.#queries = datumCodec(query)
    this.#replies = datumCodec(reply)
    this.#snapshots = datumCodec(snapshot)
  }

  /** Throws `ERR_INVALID_DATUM` and `ERR_TOO_LARGE`. */
  encodeCommands(commands: readonly unknown[]): Uint8Array[] {
    let bytes = 0
    return commands.map((command) => {
      const payload = this.#commands.encode(command)
      bytes += payload.byteLength
      if (bytes > MAX_COMMAND_BYTES) {
        const what = commands.length === 1 ? 'the command has' : 'the commands together have'
        throw new MosaikError('ERR_TOO_LARGE', `${what} more than ${MAX_COMMAND_BYTES} encoded bytes; split them`)
      }
      return payload
    })
  }

  decodeCommand(payload: Uint8Array): unknown {
    return this.#commands.decode(payload)
  }

  /** Answers the reply. Throws `ERR_GROUP_FAILED`. */
  apply(payload: Uint8Array, context: ApplyContext): unknown {
    try {
      return this.#machine.apply(this.#commands.decode(payload), context)
    } catch (cause) {
      throw this.#failure(`applying the command at index ${context.index}, offset ${context.offset}`, cause)
    }
  }

  /** Throws what the machine throws: a query changes nothing. */
  query(query: unknown): unknown {
    this.#queries.encode(query)
    return this.#machine.query(query)
  }

  encodeReply(reply: unknown): Uint8Array {
    return this.#replies.encode(reply)
  }

  decodeReply(bytes: Uint8Array): unknown {
    return this.#replies.decode(bytes)
  }

  snapshot(): Uint8Array {
    try {
      return this.#snapshots.encode(this.#machine.snapshot())
    } catch (cause) {
      throw this.#failure('taking a snapshot', cause)
    }
  }

  install(bytes: Uint8Array): void {
    try {
      this.#machine.install(this.#snapshots.decode(bytes))
    } catch (cause) {
      throw this.#failure('installing a snapshot', cause)
    }
  }

  #failure(doing: string, cause: unknown): MosaikError {
    const message = cause instanceof Error ? cause.message : String(cause)
    return new MosaikError('ERR_GROUP_FAILED', `the state machine '${this.#machine.name}' threw while ${doing}: ${message}`, { cause })
  }
}
