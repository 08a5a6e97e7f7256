import { check, isPeerId, isUniqueId, MosaikError, splitAddress, uniqueId } from '@mosaik/core'
import type { Endpoint, PeerId, Ticket, UniqueId, WaitOptions, Watch } from '@mosaik/core'
import { checkTags, readOptions } from './config.ts'
import { DiscoveryNode } from './driver/node.ts'
import type { Keeper } from './driver/keeper.ts'
import { createEntry, freezeDetails } from './logic/entry.ts'
import type { OwnEntry } from './logic/own.ts'
import type { Advertisement, Catalog, Discovery, DiscoveryEvent, DiscoveryOptions, PeerEntry, UnsignedEntry } from './types.ts'
import { isHint } from './wire/details.ts'
import { MAX_ADDRESSES, MAX_TICKETS } from './wire/limits.ts'
import { decodeStatement, encodeStatement } from './wire/statement.ts'

/**
 * Finds the other nodes of the endpoint's network and lets them find this one. Resolves as soon as it serves and listens;
 * it does not wait for anybody. The endpoint stays the caller's: close it after the discovery.
 *
 * Rejects with `ERR_INVALID_OPTION` naming the option, `ERR_TOO_LARGE` when the initial entry exceeds a limit, or
 * `ERR_ALREADY_EXISTS` when the endpoint has a discovery already.
 */
export async function createDiscovery(endpoint: Endpoint, options?: DiscoveryOptions): Promise<Discovery> {
  const node = new DiscoveryNode(endpoint, readOptions(options))
  try {
    await node.start()
  } catch (error) {
    await node.close()
    throw error
  }
  return new DiscoveryHandle(endpoint, node)
}

class DiscoveryHandle implements Discovery {
  readonly endpoint: Endpoint
  readonly #node: DiscoveryNode
  readonly #keeper: Keeper
  #closed = false

  constructor(endpoint: Endpoint, node: DiscoveryNode) {
    this.endpoint = endpoint
    this.#node = node
    this.#keeper = node.keeper
  }

  get catalog(): Watch<Catalog> {
    return this.#keeper.catalog
  }

  get me(): PeerEntry {
    return this.#keeper.own.entry
  }

  events(options?: WaitOptions): AsyncIterable<DiscoveryEvent> {
    return this.#keeper.events.subscribe(options)
  }

  dial(...addresses: string[]): void {
    this.#assertOpen('dial')
    const checked = addresses.map((address, i) => check.address(`addresses[${i}]`, address))
    for (const address of checked) if (splitAddress(address).peerId !== this.endpoint.id) this.#node.connector.dial(address)
  }

  async syncWith(address: string, { signal }: WaitOptions = {}): Promise<void> {
    this.#assertOpen('syncWith')
    if (!isPeerId(address)) check.address('address', address)
    await this.#node.syncWith(address, signal)
  }

  addTags(...text: string[]): void {
    const tags = checkTags('tags', text)
    this.#change('addTags', (own, now) => own.addTags(tags, now))
  }

  removeTags(...text: string[]): void {
    const tags = checkTags('tags', text)
    this.#change('removeTags', (own, now) => own.removeTags(tags, now))
  }

  addTicket(ticket: Ticket): void {
    checkTicket('ticket', ticket)
    this.#change('addTicket', (own, now) => own.addTicket(ticket, now))
  }

  removeTicket(id: UniqueId): void {
    const text = check.text('id', id)
    const wanted = uniqueId(text)
    this.#change('removeTicket', (own, now) => own.removeTickets((ticket) => ticket.id === wanted, now))
  }

  removeTickets(cls: string): void {
    const name = check.text('cls', cls)
    const id = uniqueId(name)
    this.#change('removeTickets', (own, now) => own.removeTickets((ticket) => ticket.class === id, now))
  }

  replaceTicket(ticket: Ticket): void {
    checkTicket('ticket', ticket)
    this.#change('replaceTicket', (own, now) => own.replaceTicket(ticket, now))
  }

  feed(signed: Uint8Array): boolean {
    if (this.#closed || !(signed instanceof Uint8Array)) return false
    try {
      const [bytes, signature, details] = decodeStatement(signed)
      return this.#node.intake.receive([bytes, signature], details).outcome === 'taken'
    } catch {
      return false // not a statement at all
    } finally {
      this.#keeper.show()
    }
  }

  exportMe(): Uint8Array {
    return encodeStatement(this.#keeper.statement())
  }

  insert(entry: UnsignedEntry): boolean {
    const inserted = unsignedEntry(entry, this.endpoint)
    if (this.#closed || inserted === undefined) return false
    const change = this.#keeper.store.insert(inserted)
    if (change === false) return false
    if (inserted.addresses.length > 0) this.endpoint.learn(inserted.peerId, inserted.addresses)
    this.#keeper.commit(change)
    this.#keeper.show()
    return true
  }

  remove(peer: PeerId): boolean {
    const change = this.#closed ? undefined : this.#keeper.store.remove(peer)
    this.#keeper.commit(change)
    this.#keeper.show()
    return change !== undefined
  }

  clearUnsigned(): void {
    if (this.#closed) return
    for (const change of this.#keeper.store.clearUnsigned()) this.#keeper.commit(change)
    this.#keeper.show()
  }

  rtt(peer: PeerId): number | undefined {
    return this.#node.pinger.rtt(peer)
  }

  advertise(what: Advertisement): () => void {
    const id = 'stream' in what ? what.stream : what.group
    if (!isUniqueId(id))
      throw new MosaikError('ERR_INVALID_OPTION', `advertise takes the id of a stream or group, not ${JSON.stringify(id)}`, { value: id })
    if ('hint' in what && what.hint !== undefined && !isHint(what.hint))
      throw new MosaikError('ERR_INVALID_OPTION', 'hint must be 16 lower-case hex digits, not all 0', { value: what.hint })
    this.#change('advertise', (own, now) => own.advertise(what, now))
    let isOut = false
    return () => {
      if (isOut || this.#closed) return
      isOut = true
      this.#change('advertise', (own, now) => own.withdraw(what, now))
    }
  }

  async measureRtt(peer: PeerId, options?: WaitOptions): Promise<number | undefined> {
    this.#assertOpen('measureRtt')
    return this.#node.pinger.measure(check.peerId('peer', peer), options)
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#node.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #change(what: string, change: (own: OwnEntry, now: number) => boolean): void {
    this.#assertOpen(what)
    this.#keeper.changeOwn(change)
    this.#keeper.show()
  }

  #assertOpen(what: string): void {
    if (this.#closed) throw new MosaikError('ERR_CLOSED', `${what}: this discovery was closed`)
  }
}

function checkTicket(name: string, ticket: Ticket): void {
  if (typeof ticket === 'object' && ticket !== null && isUniqueId(ticket.class) && ticket.data instanceof Uint8Array) return
  throw new MosaikError('ERR_INVALID_OPTION', `${name} must be made by createTicket(class, data) or come out of an entry`, {
    value: ticket,
  })
}

/** Undefined for entries of other networks. Throws `ERR_INVALID_OPTION` for what is no entry. */
function unsignedEntry(entry: UnsignedEntry, { networkId, clock }: Endpoint): PeerEntry | undefined {
  if (typeof entry !== 'object' || entry === null)
    throw new MosaikError('ERR_INVALID_OPTION', 'insert takes { peerId, addresses, … }', { value: entry })
  if ('networkId' in entry && entry.networkId !== networkId) return undefined
  const peerId = check.peerId('peerId', entry.peerId)
  const addresses = check.list('addresses', entry.addresses, (name, value) => addressOf(name, value, peerId), { max: MAX_ADDRESSES })
  const ids = (name: string, texts: Iterable<string> | undefined): UniqueId[] => checkTags(name, [...(texts ?? [])]).map(uniqueId)
  const tickets = check.list('tickets', entry.tickets, (name, value) => (checkTicket(name, value as Ticket), value as Ticket), {
    max: MAX_TICKETS,
  })
  const details = freezeDetails({
    addresses,
    tags: ids('tags', entry.tags),
    streams: ids('streams', entry.streams),
    groups: ids('groups', entry.groups),
    tickets,
  })
  const now = Math.floor(clock.now())
  return createEntry({ peerId, networkId, startedAt: now, updatedAt: now, signed: false }, details)
}

function addressOf(name: string, value: unknown, peerId: PeerId): string {
  const address = check.address(name, value)
  const { peerId: named } = splitAddress(address)
  if (named === undefined || named === peerId) return address
  throw new MosaikError('ERR_INVALID_OPTION', `${name} is an address of ${named}; the entry is of ${peerId}`, { value })
}
