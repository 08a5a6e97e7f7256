import { canonical, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue, Codec } from '@mosaik/core'
import type { ApplyContext, SnapshotReceiver, SnapshotSource } from '@mosaik/raft'
import { list } from '../logic/argument.ts'
import type { Argument } from '../logic/argument.ts'
import type { ReportMisfit } from '../logic/element.ts'
import { invalid, reasonOf } from '../logic/invalid.ts'
import { replyCodec, replyOf } from './reply.ts'
import type { ResultElement } from './reply.ts'
import type { AppliedWrite, CollectionKind, CollectionMachine, Command, MachineObserver, MachineOptions, Reply } from './types.ts'

/** What a write can do: its arguments by place, and what it does with them. Its answer is the result of the write. */
export interface Method {
  readonly args: readonly Argument<unknown>[]
  readonly apply: (...args: readonly unknown[]) => unknown
}

/** What the machines of the kinds differ in. */
export interface Parts<State> {
  readonly kind: CollectionKind
  /** What else is part of the group's id. */
  readonly variant?: string | undefined
  readonly state: State
  readonly methods: Readonly<Record<string, Method>>
  /** Of results that are neither numbers nor booleans. */
  readonly result: ResultElement
  size(): number
  source(): SnapshotSource
  /** `replaced` is to be called after the swap. */
  receiver(replaced: (dropped: number) => void, misfit: ReportMisfit): SnapshotReceiver
}

/** Values inside each other that a command may have: one less than canonical bytes may, since an answer may put its value one deeper. */
const LIMITS = { depth: 31 }

/** Stands for a command that does not fit; its only argument says why. */
const REFUSED = ''

/** `apply` must decide everything that can throw before it changes anything. */
export function method<A extends readonly unknown[]>(
  args: { readonly [I in keyof A]: Argument<A[I]> },
  apply: (...args: A) => unknown,
): Method {
  return { args, apply: apply as unknown as Method['apply'] }
}

export function createMachine<State>({ id, version }: MachineOptions, parts: Parts<State>): CollectionMachine<State> {
  const { kind, variant, state, result } = parts
  const methods = new Map(Object.entries(parts.methods))
  let observer: MachineObserver | undefined
  return {
    name: ['mosaik', kind, id, ...(variant === undefined ? [] : [variant])].join('.'),
    ...(version === undefined ? {} : { version }),
    kind,
    state,
    codecs: { command: commandCodec(methods), reply: replyCodec(result) },
    get size() {
      return parts.size()
    },
    observe: (next) => void (observer = next),
    apply: (command, context) => applyTo(methods, command, context, observer),
    query: () => null,
    source: () => parts.source(),
    receiver: () => {
      observer?.replacing?.()
      return parts.receiver(
        (dropped) => observer?.replaced(dropped),
        (part, reason) => observer?.misfit?.(part, reason),
      )
    },
  }
}

function applyTo(
  methods: ReadonlyMap<string, Method>,
  { method: name, args }: Command,
  context: ApplyContext,
  observer: MachineObserver | undefined,
): Reply {
  if (name === REFUSED) return { refused: String(args[0]) }
  const found = methods.get(name)
  if (found === undefined) return { refused: `there is no method '${name}'` }
  let result: unknown
  try {
    result = found.apply(...args)
  } catch (cause) {
    return { refused: reasonOf(cause) } // a codec of the user's, for example
  }
  if (observer?.misfit !== undefined) inspect(found, args, observer.misfit)
  if (observer?.applied !== undefined) observer.applied(writeOf(name, found, args, result), context)
  return replyOf(result)
}

/** Afterwards, and beside it: what a schema of this member says changes neither the state nor the reply. */
function inspect({ args }: Method, values: readonly unknown[], report: ReportMisfit): void {
  for (let i = 0; i < args.length; i++) args[i]?.inspect?.(values[i], report)
}

function writeOf(name: string, { args }: Method, values: readonly unknown[], result: unknown): AppliedWrite {
  const write: Record<string, unknown> & { method: string; result: unknown } = { method: name, result }
  for (let i = 0; i < args.length; i++) write[(args[i] as Argument<unknown>).name] = values[i]
  return write
}

/** On the wire the name of the method and its arguments, in canonical bytes. */
function commandCodec(methods: ReadonlyMap<string, Method>): Codec<Command> {
  return {
    encode: ({ method: name, args }) => {
      const found = methods.get(name)
      if (found === undefined) throw invalid(`this collection has no method '${name}'`, name)
      const command: CanonicalValue[] = [name]
      for (let i = 0; i < found.args.length; i++) command.push((found.args[i] as Argument<unknown>).accept(args[i]))
      return canonical([command]).subarray(1) // one deeper than it is, for the limit; without the head of that
    },
    decode: (bytes) => {
      try {
        return received(methods, list(decodeCanonical(bytes, LIMITS), 'a command', 1))
      } catch (cause) {
        return { method: REFUSED, args: [reasonOf(cause)] }
      }
    },
  }
}

function received(methods: ReadonlyMap<string, Method>, command: readonly CanonicalValue[]): Command {
  const [name] = command
  const found = typeof name === 'string' ? methods.get(name) : undefined
  if (found === undefined) throw invalid('what was sent has no method of this collection', name)
  const { length } = found.args
  if (command.length !== length + 1) throw invalid(`what was sent has not ${length} arguments`, name)
  const args: unknown[] = []
  for (let i = 0; i < length; i++) args.push((found.args[i] as Argument<unknown>).receive(command[i + 1] as CanonicalValue))
  return { method: name as string, args }
}
