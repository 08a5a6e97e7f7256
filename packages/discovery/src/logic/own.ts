import { createTicket, uniqueId } from '@mosaik/core'
import type { GroupId, NetworkId, PeerId, StreamId, Tag, Ticket, UniqueId } from '@mosaik/core'
import type { Advertisement, PeerEntry } from '../types.ts'
import { createEntry, freezeDetails } from './entry.ts'
import type { Details } from './statement.ts'

/** Versions that nobody has seen yet may run ahead of the clock by this much; then changes share one. */
const MAX_LEAD_MS = 1000

export interface OwnIdentity {
  readonly peerId: PeerId
  readonly networkId: NetworkId
}

export interface OwnRules {
  /** How far ahead of their clock others take an entry, ms. */
  readonly maxTimeDrift: number
  /** Throws where an entry would be over a limit. */
  readonly checkLimits: (details: Details) => void
}

/**
 * What this node says of itself. Every effective change makes a new entry with a later version; what changes nothing
 * answers false and makes none. `checkLimits` throws where a change would exceed a limit, and then nothing changes.
 */
export class OwnEntry {
  readonly #identity: OwnIdentity
  readonly #rules: OwnRules
  #startedAt: number
  /** How often each stream and group is advertised. */
  readonly #streams = new Map<StreamId, number>()
  readonly #groups = new Map<GroupId, number>()
  #details: Details
  #updatedAt: number
  /** True once the present version has left this object to be signed. */
  #published = false
  #entry: PeerEntry | undefined

  constructor(identity: OwnIdentity, initial: { addresses: readonly string[]; tags: readonly string[] }, now: number, rules: OwnRules) {
    this.#identity = identity
    this.#rules = rules
    this.#startedAt = Math.floor(now)
    this.#updatedAt = this.#startedAt
    this.#details = freezeDetails({ addresses: initial.addresses, tags: initial.tags.map(uniqueId), streams: [], groups: [], tickets: [] })
    rules.checkLimits(this.#details)
  }

  get entry(): PeerEntry {
    this.#entry ??= createEntry({ ...this.#identity, ...this.version, signed: true }, this.#details)
    return this.#entry
  }

  get details(): Details {
    return this.#details
  }

  get version(): { readonly startedAt: number; readonly updatedAt: number } {
    return { startedAt: this.#startedAt, updatedAt: this.#updatedAt }
  }

  /** From now on the present version is taken: the next change gets a later one. */
  publish(): void {
    this.#published = true
  }

  setAddresses(addresses: readonly string[], now: number): boolean {
    const same = addresses.length === this.#details.addresses.length && addresses.every((text, i) => text === this.#details.addresses[i])
    return !same && this.#change({ addresses }, now)
  }

  addTags(text: readonly string[], now: number): boolean {
    const tags = new Set<Tag>(this.#details.tags)
    for (const one of text) tags.add(uniqueId(one))
    return tags.size !== this.#details.tags.size && this.#change({ tags }, now)
  }

  removeTags(text: readonly string[], now: number): boolean {
    const tags = new Set<Tag>(this.#details.tags)
    for (const one of text) tags.delete(uniqueId(one))
    return tags.size !== this.#details.tags.size && this.#change({ tags }, now)
  }

  addTicket(ticket: Ticket, now: number): boolean {
    const own = createTicket(ticket.class, ticket.data)
    if (this.#details.tickets.some(({ id }) => id === own.id)) return false
    return this.#change({ tickets: [...this.#details.tickets, own] }, now)
  }

  /** Takes out the tickets that match. */
  removeTickets(matches: (ticket: Ticket) => boolean, now: number): boolean {
    const tickets = this.#details.tickets.filter((ticket) => !matches(ticket))
    return tickets.length !== this.#details.tickets.length && this.#change({ tickets }, now)
  }

  /** The only ticket of its class from now on. */
  replaceTicket(ticket: Ticket, now: number): boolean {
    const own = createTicket(ticket.class, ticket.data)
    const others = this.#details.tickets.filter((one) => one.class !== own.class)
    const isAlone = others.length === this.#details.tickets.length - 1
    if (isAlone && this.#details.tickets.some(({ id }) => id === own.id)) return false
    return this.#change({ tickets: [...others, own] }, now)
  }

  advertise(what: Advertisement, now: number): boolean {
    const counts: Map<UniqueId, number> = 'stream' in what ? this.#streams : this.#groups
    const id = 'stream' in what ? what.stream : what.group
    const count = counts.get(id) ?? 0
    if (count === 0) this.#changeAdvertised(what, true, now)
    counts.set(id, count + 1)
    return count === 0
  }

  withdraw(what: Advertisement, now: number): boolean {
    const counts: Map<UniqueId, number> = 'stream' in what ? this.#streams : this.#groups
    const id = 'stream' in what ? what.stream : what.group
    const count = counts.get(id) ?? 0
    if (count > 1) {
      counts.set(id, count - 1)
      return false
    }
    return counts.delete(id) && this.#changeAdvertised(what, false, now)
  }

  /** The same again, dated now: says that this node is still there. */
  renew(now: number): void {
    this.#bump(now)
  }

  /** A version after `updatedAt`, as far as `limit` (the latest date that others take) allows. True when it is now the later one. */
  overtake(updatedAt: number, now: number, limit: number): boolean {
    if (this.#updatedAt > updatedAt) return true
    this.#bump(Math.max(now, Math.min(updatedAt + 1, limit)))
    return this.#updatedAt > updatedAt
  }

  #changeAdvertised(what: Advertisement, isOffered: boolean, now: number): boolean {
    if ('stream' in what) return this.#change({ streams: withOrWithout(this.#details.streams, what.stream, isOffered) }, now)
    const groups = withOrWithout(this.#details.groups, what.group, isOffered)
    const hints = new Map(this.#details.hints)
    hints.delete(what.group)
    if (isOffered && what.hint !== undefined) hints.set(what.group, what.hint)
    return this.#change({ groups, hints }, now)
  }

  #change(parts: Partial<Details>, now: number): true {
    const details = freezeDetails({ ...this.#details, ...parts })
    this.#rules.checkLimits(details)
    this.#details = details
    this.#bump(now)
    return true
  }

  #bump(now: number): void {
    this.#updatedAt = this.#nextVersion(Math.floor(now))
    this.#published = false
    this.#entry = undefined
  }

  #nextVersion(now: number): number {
    if (this.#updatedAt > now + this.#rules.maxTimeDrift + MAX_LEAD_MS) {
      // The clock was ahead and has been set right: nobody has taken what was said meanwhile. A new run begins.
      this.#startedAt = now
      return now
    }
    const next = this.#updatedAt + 1
    if (next <= now) return now
    return !this.#published && next > now + MAX_LEAD_MS ? this.#updatedAt : next
  }
}

function withOrWithout(ids: ReadonlySet<UniqueId>, id: UniqueId, isIn: boolean): ReadonlySet<UniqueId> {
  const others = [...ids].filter((other) => other !== id)
  return new Set(isIn ? [...others, id] : others)
}
