import { check, componentLogger, MosaikError } from '@mosaik/core'
import type { GroupId, Logger, StoreId } from '@mosaik/core'
import type { Group, Groups, LogStore, Preference } from '@mosaik/raft'
import { partsOf } from './definition.ts'
import type { Definition, DefinitionParts } from './definition.ts'
import { ReplicaMeters } from './driver/meters.ts'
import { Replica } from './driver/replica.ts'
import type { Place } from './handles/collection.ts'
import type { CollectionMachine, Command, Reply } from './machines/index.ts'

/** How this node takes part, where that is not for the definition to say. */
export interface OpenOptions {
  /** Instead of the definition's. */
  readonly storage?: LogStore
}

/** The collections of a node. */
export interface Collections extends AsyncDisposable {
  /**
   * A handle for reading: this node follows the collection and never decides on it. Answers at once; `when.online` tells when it is current.
   * Throws `ERR_INVALID_OPTION`, and `ERR_CLOSED`.
   */
  reader<R, W>(definition: Definition<R, W>, options?: OpenOptions): R
  /** A handle for reading and writing: this node has a say in the collection. */
  writer<R, W>(definition: Definition<R, W>, options?: OpenOptions): W
  /** Closes every handle. Idempotent. */
  close(): Promise<void>
}

const opened = new WeakSet<Groups>()

/**
 * The collections of a node, on top of its groups. Throws `ERR_ALREADY_EXISTS` when the node has collections already. Close it before
 * the groups.
 */
export function createCollections(groups: Groups): Collections {
  if (opened.has(groups)) {
    throw new MosaikError('ERR_ALREADY_EXISTS', 'these groups have collections already; use those, or close them first')
  }
  opened.add(groups)
  return new NodeCollections(groups)
}

type Parts = DefinitionParts<unknown, unknown, unknown>
type Joined = Group<Command, unknown, unknown, Reply>

interface Shared {
  readonly replica: Replica<unknown>
  /** Of the first handle: they hold for all. */
  readonly types: readonly unknown[]
  handles: number
}

interface Closable {
  close(): Promise<void>
}

class NodeCollections implements Collections {
  readonly #groups: Groups
  readonly #shared = new Map<GroupId, Shared>()
  readonly #handles = new Set<Closable>()
  #closing: Promise<void> | undefined

  constructor(groups: Groups) {
    this.#groups = groups
  }

  reader<R, W>(definition: Definition<R, W>, options?: OpenOptions): R {
    const parts = partsOf(definition)
    return this.#open(definition.id, parts, 'observer', options, (place) => parts.reader(place))
  }

  writer<R, W>(definition: Definition<R, W>, options?: OpenOptions): W {
    const parts = partsOf(definition)
    return this.#open(definition.id, parts, 'normal', options, (place) => parts.writer(place))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#handles].map((handle) => handle.close()))
    opened.delete(this.#groups)
  }

  #open<Handle>(
    id: StoreId,
    parts: Parts,
    preference: Preference,
    options: OpenOptions | undefined,
    make: (place: Place<unknown>) => Handle,
  ): Handle {
    if (this.#closing !== undefined) throw new MosaikError('ERR_CLOSED', 'the collections of this node are closed')
    const { storage = parts.joining.storage } = check.options('options', options)
    const machine = parts.machine({ id })
    const group = this.#groups.join({ ...parts.joining, ...(storage !== undefined && { storage }), preference, machine })
    const shared = this.#share(parts, group) ?? this.#begin(id, parts, machine, group)
    shared.handles++
    const release = async (): Promise<void> => {
      this.#handles.delete(handle as Closable)
      if (--shared.handles > 0) return
      if (this.#shared.get(group.id) === shared) this.#shared.delete(group.id)
      await shared.replica.close()
    }
    const handle = make({ id, replica: shared.replica, release })
    this.#handles.add(handle as Closable)
    return handle
  }

  /** The replica of the member that this handle on a group belongs to: then that one is enough. */
  #share({ types }: Parts, group: Joined): Shared | undefined {
    const shared = this.#shared.get(group.id)
    if (shared === undefined || shared.replica.group.position !== group.position) return undefined
    if (types.some((type, i) => type !== shared.types[i])) {
      this.#logger().warn(
        'collection %s: another handle of this node has been opened with other types; those of the first one hold',
        group.id,
      )
    }
    void group.close() // its preference has counted, and stays
    return shared
  }

  #begin(id: StoreId, { types }: Parts, machine: CollectionMachine<unknown>, group: Joined): Shared {
    const { clock, metrics, networkId } = this.#groups.endpoint
    const replica = new Replica({
      machine,
      group,
      clock,
      logger: this.#logger(),
      meters: new ReplicaMeters({ metrics, network: networkId, group: group.id, store: id, kind: machine.kind }),
    })
    const shared: Shared = { replica, types, handles: 0 }
    this.#shared.set(group.id, shared)
    return shared
  }

  #logger(): Logger {
    return componentLogger(this.#groups.endpoint.logger, 'mosaik:collections')
  }
}
