import { check, deriveId, MosaikError, uniqueId } from '@mosaik/core'
import type { StoreId } from '@mosaik/core'
import { groupKey } from '@mosaik/raft'
import type { GroupKey, JoinOptions } from '@mosaik/raft'
import type { Place } from './handles/collection.ts'
import type { CollectionMachine, MachineOptions } from './machines/index.ts'
import type { CollectionOptions } from './types/index.ts'

/** Shared by all copies of this package in a process. */
const PARTS: unique symbol = Symbol.for('mosaik.collection') as never
const MAX_NAME = 1_024

/** Names a collection and its types: the same on every node. Made by `defineMap` and its siblings. */
export interface Definition<Reader, Writer> {
  readonly id: StoreId
  readonly name: string
  readonly '~reader'?: Reader
  readonly '~writer'?: Writer
}

/** What `reader(definition)` gives. */
export type ReaderOf<D> = D extends Definition<infer R, unknown> ? R : never

/** What `writer(definition)` gives. */
export type WriterOf<D> = D extends Definition<unknown, infer W> ? W : never

/** How a kind of collection comes to life on a node. */
export interface Kind<State, Reader, Writer> {
  /** What values are checked with, part by part. */
  readonly types: readonly unknown[]
  machine(options: MachineOptions): CollectionMachine<State>
  reader(place: Place<State>): Reader
  writer(place: Place<State>): Writer
}

/** What a definition carries beside its name. */
export interface DefinitionParts<State, Reader, Writer> extends Kind<State, Reader, Writer> {
  readonly joining: Pick<JoinOptions, 'consensus' | 'requireTicket' | 'storage' | 'sync'> & { readonly key: GroupKey }
}

/**
 * The id is `uniqueId(name)`, with a version `deriveId(uniqueId(name), 'v' + version)`. Throws `ERR_INVALID_OPTION` for options that can
 * be judged alone; what the group judges is refused when the collection is opened.
 */
export function define<State, Reader, Writer>(
  name: string,
  options: CollectionOptions | undefined,
  kind: Kind<State, Reader, Writer>,
): Definition<Reader, Writer> {
  const plain = uniqueId(check.text<string>('name', name, { max: MAX_NAME }))
  const { version: given, secret, consensus, requireTicket, storage, sync } = check.options('options', options)
  const version = check.integer('version', given, { min: 0, default: undefined })
  const id = version === undefined ? plain : deriveId(plain, `v${version}`)
  const parts: DefinitionParts<State, Reader, Writer> = {
    ...kind,
    joining: {
      key: keyOf(id, secret),
      ...(consensus !== undefined && { consensus }),
      ...(requireTicket !== undefined && { requireTicket }),
      ...(storage !== undefined && { storage }),
      ...(sync !== undefined && { sync }),
    },
  }
  parts.machine({ id }) // types that are none are refused where they were written
  const definition: Definition<Reader, Writer> = { id, name }
  Object.defineProperty(definition, PARTS, { value: parts })
  return Object.freeze(definition)
}

/** What `define` was given. Throws `ERR_INVALID_OPTION` for anything else. */
export function partsOf<Reader, Writer>(definition: Definition<Reader, Writer>): DefinitionParts<unknown, Reader, Writer> {
  const parts = (definition as { [PARTS]?: DefinitionParts<unknown, Reader, Writer> } | null | undefined)?.[PARTS]
  if (parts === undefined)
    throw new MosaikError('ERR_INVALID_OPTION', 'definition is no collection; make it with defineMap(name) or a sibling')
  return parts
}

/** One for each collection, also of those that share a secret: neighbours compare keys to find who is configured differently. */
function keyOf(id: StoreId, secret: string | undefined): GroupKey {
  if (secret === undefined) return groupKey(deriveId(id, 'collection'))
  if (typeof secret === 'string' && secret.length > 0) return groupKey(deriveId(uniqueId(secret), id))
  throw new MosaikError('ERR_INVALID_OPTION', 'secret must be text that is not empty') // without the value
}
