import { check, isUniqueId, MosaikError } from '@mosaik/core'
import type { CloseReason, GroupId, PeerId, Watch } from '@mosaik/core'
import type { Discovery } from '@mosaik/discovery'
import { BondContext } from './driver/context.ts'
import { BondNode } from './driver/node.ts'
import { Party } from './driver/party.ts'
import type { Bond, BondingOptions, Bonds, BondsOptions, Membership } from './types.ts'
import { GroupCloseReasons, MAX_BULK_BYTES, MAX_CONTROL_BYTES, MAX_STATUS_BYTES } from './wire/protocol.ts'

/**
 * Makes and keeps the bonds of a node, for all its groups. The discovery stays the caller's: close it afterwards. Throws
 * `ERR_INVALID_OPTION`, and `ERR_ALREADY_EXISTS` when the endpoint serves groups already.
 */
export function createBonds(discovery: Discovery, options?: BondsOptions): Bonds {
  const given = check.options('options', options)
  const handshakeMs = check.duration<'5s'>('handshakeTimeout', given.handshakeTimeout, { min: '100ms', max: '60s', default: '5s' })
  return new NodeBonds(new BondNode(new BondContext(discovery, handshakeMs)))
}

class NodeBonds implements Bonds {
  readonly #node: BondNode
  #closing: Promise<void> | undefined

  constructor(node: BondNode) {
    this.#node = node
  }

  join(options: BondingOptions): Membership {
    if (this.#closing !== undefined) throw new MosaikError('ERR_CLOSED', 'join: the bonds of this node are closed')
    if (!isUniqueId(options.groupId)) throw new MosaikError('ERR_INVALID_OPTION', 'groupId must be 64 lower-case hex digits')
    const party = new Party(options, this.#node.context.logger)
    this.#node.join(party)
    return new PartyMembership(this.#node, party)
  }

  heard(): ReadonlyMap<PeerId, number> {
    return this.#node.heard()
  }

  close(): Promise<void> {
    this.#closing ??= this.#node.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

class PartyMembership implements Membership {
  readonly #node: BondNode
  readonly #party: Party
  #leaving: Promise<void> | undefined

  constructor(node: BondNode, party: Party) {
    this.#node = node
    this.#party = party
  }

  get groupId(): GroupId {
    return this.#party.groupId
  }

  get bonds(): Watch<readonly Bond[]> {
    return this.#party.bonds
  }

  send(peer: PeerId, bytes: Uint8Array, { bulk = false }: { readonly bulk?: boolean } = {}): boolean {
    const max = bulk ? MAX_BULK_BYTES : MAX_CONTROL_BYTES
    if (bytes.length > max) {
      throw new MosaikError('ERR_TOO_LARGE', `a ${bulk ? 'bulk' : 'control'} frame of ${bytes.length} bytes; ${max} are allowed`)
    }
    return this.#node.findPair(peer)?.bond?.send(this.#party, bytes, bulk) ?? false
  }

  want(peers: Iterable<PeerId>): void {
    if (this.#party.left) return
    const before = this.#party.configured
    const wanted = new Set(peers)
    wanted.delete(this.#node.context.endpoint.id)
    this.#party.configured = wanted
    for (const peer of wanted) if (!before.has(peer)) this.#node.pairWith(peer).consider(this.#party, true)
    for (const peer of before) if (!wanted.has(peer)) this.#node.findPair(peer)?.consider(this.#party, false)
  }

  setObserver(observer: boolean): void {
    if (this.#party.left || this.#party.observer === observer) return
    this.#party.observer = observer
    for (const pair of this.#node.pairs) {
      pair.bond?.standing(this.#party)
      if (!observer && this.#node.isNamed(this.#party, pair.peerId)) pair.consider(this.#party, true)
    }
  }

  setStatus(status: Uint8Array): void {
    if (status.length > MAX_STATUS_BYTES) {
      throw new MosaikError('ERR_TOO_LARGE', `a status of ${status.length} bytes; ${MAX_STATUS_BYTES} are allowed`)
    }
    this.#party.status = status.slice()
    for (const { peerId } of this.#party.bonds.value) this.#node.findPair(peerId)?.bond?.status(this.#party)
  }

  leave(reason: CloseReason = GroupCloseReasons.Departed): Promise<void> {
    this.#leaving ??= this.#node.leave(this.#party, reason)
    return this.#leaving
  }
}
