import { datumCodec } from '@mosaik/core'
import type { ApplyContext, Group, Groups, JoinOptions, KeyedStateMachine } from '@mosaik/raft'
import type { Numbered } from '../../groups/world/truth.ts'
import type { Write } from '../kinds/kind.ts'

export type NumberedWrite = Write & Numbered

export type WriteReply = { readonly result: unknown } | { readonly refused: string }

/** As the machines of collections reply: a result that is no object stands for itself. */
type Reply = WriteReply | null | boolean | number | bigint | string | undefined

type Machine = KeyedStateMachine<Write, unknown, unknown, Reply>
type Any = Group<unknown, unknown, unknown, unknown>

const NUMBER_BYTES = 4

/** Told of what a machine does. */
export interface Witness {
  /** Entries that its log keeps behind a snapshot. */
  readonly retention: number
  /** The number of the call that is being made. */
  calling(): number
  joined(group: Any): void
  wrote(write: NumberedWrite, reply: WriteReply, context: ApplyContext): void
}

/**
 * The groups of a node, in full view: whoever joins one through them keeps as much of its log as the witness says, and every command carries the
 * number of its call, which its machine never sees.
 */
export function watched(groups: Groups, witness: () => Witness): Groups {
  const join = (options: JoinOptions & { machine: Machine }): Any => {
    const one = witness()
    const group = groups.join({ ...options, machine: watchedMachine(options.machine, one), retention: { entries: one.retention } })
    one.joined(group)
    return group
  }
  return { endpoint: groups.endpoint, join, close: () => groups.close() } as unknown as Groups
}

function watchedMachine(machine: Machine, witness: Witness): KeyedStateMachine<NumberedWrite, unknown, unknown, Reply> {
  const commands = datumCodec(machine.codecs?.command)
  return {
    name: machine.name,
    ...(machine.version !== undefined && { version: machine.version }),
    codecs: {
      command: {
        encode: (write) => numbered(witness.calling(), commands.encode(write)),
        decode: (bytes) => ({ ...commands.decode(bytes.subarray(NUMBER_BYTES)), id: viewOf(bytes).getUint32(0) }),
      },
      ...(machine.codecs?.reply !== undefined && { reply: machine.codecs.reply }),
    },
    apply: (write, context) => {
      const reply = machine.apply(write, context)
      witness.wrote(write, typeof reply === 'object' && reply !== null ? reply : { result: reply }, context)
      return reply
    },
    query: (query) => machine.query(query),
    source: () => machine.source(),
    receiver: () => machine.receiver(),
  }
}

function numbered(id: number, bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(NUMBER_BYTES + bytes.length)
  viewOf(all).setUint32(0, id)
  all.set(bytes, NUMBER_BYTES)
  return all
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
