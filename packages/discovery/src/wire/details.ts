import {
  canonical,
  createTicket,
  decodeCanonical,
  deriveId,
  ID_BYTES,
  idFromBytes,
  isAddress,
  MosaikError,
  splitAddress,
  toBytes,
} from '@mosaik/core'
import type { PeerId, Ticket, UniqueId } from '@mosaik/core'
import { freezeDetails } from '../logic/entry.ts'
import type { Details, EncodedDetails } from '../logic/statement.ts'
import { MAX_ADDRESSES, MAX_DETAILS_BYTES, MAX_GROUPS, MAX_STREAMS, MAX_TAGS, MAX_TICKET_BYTES, MAX_TICKETS } from './limits.ts'
import { asBytes, asFixed, asList, malformed } from './shape.ts'

const DOMAIN = 'mosaik/discovery/details/1'
const HINT_BYTES = 8
const NO_HINT = '0'.repeat(2 * HINT_BYTES)

/**
 * `[addresses, tags, streams, groups, [[class, data], …]]`; sets of ids are one byte string, ascending; tickets ascend by id. Where
 * a group has a hint there is one more: those of all groups, in their order, 8 zero bytes for none.
 */
export function encodeDetails(details: Details): EncodedDetails {
  const tickets = [...details.tickets].sort(byId)
  const hints = details.hints.size === 0 ? [] : [joinHints(details)]
  const bytes = canonical([
    [...details.addresses],
    joinIds(details.tags),
    joinIds(details.streams),
    joinIds(details.groups),
    tickets.map((ticket) => [toBytes(ticket.class), ticket.data]),
    ...hints,
  ])
  return Object.freeze({ ...details, id: detailsId(bytes), bytes })
}

/** Throws `ERR_PROTOCOL` for anything that `encodeDetails` would not have made for this peer. */
export function decodeDetails(bytes: Uint8Array, peerId: PeerId): EncodedDetails {
  if (bytes.length > MAX_DETAILS_BYTES) throw malformed('details: too large')
  const [addresses, tags, streams, groups, tickets, hints] = asList(decodeCanonical(bytes), 'details', 5, 6)
  const groupIds = splitIds(asBytes(groups, 'groups', MAX_GROUPS * ID_BYTES, ID_BYTES), 'groups')
  const details = freezeDetails({
    addresses: asList(addresses, 'addresses', 0, MAX_ADDRESSES).map((text) => asAddress(text, peerId)),
    tags: splitIds(asBytes(tags, 'tags', MAX_TAGS * ID_BYTES, ID_BYTES), 'tags'),
    streams: splitIds(asBytes(streams, 'streams', MAX_STREAMS * ID_BYTES, ID_BYTES), 'streams'),
    groups: groupIds,
    hints: hints === undefined ? [] : splitHints(asFixed(hints, 'hints', groupIds.length * HINT_BYTES), groupIds),
    tickets: asTickets(asList(tickets, 'tickets', 0, MAX_TICKETS)),
  })
  return Object.freeze({ ...details, id: detailsId(bytes), bytes })
}

/** Throws `ERR_TOO_LARGE` when an entry of the own making is over a limit. */
export function checkLimits(details: Details): void {
  checkCount('addresses', details.addresses.length, MAX_ADDRESSES)
  checkCount('tags', details.tags.size, MAX_TAGS)
  checkCount('streams', details.streams.size, MAX_STREAMS)
  checkCount('groups', details.groups.size, MAX_GROUPS)
  checkCount('tickets', details.tickets.length, MAX_TICKETS)
  let size = 64 + (details.tags.size + details.streams.size + details.groups.size) * ID_BYTES
  if (details.hints.size > 0) size += details.groups.size * HINT_BYTES
  for (const address of details.addresses) size += address.length + 8
  for (const ticket of details.tickets) {
    checkCount('bytes of one ticket', ticket.data.length, MAX_TICKET_BYTES)
    size += ticket.data.length + ID_BYTES + 8
  }
  checkCount('bytes', size, MAX_DETAILS_BYTES)
}

function checkCount(what: string, count: number, max: number): void {
  if (count > max)
    throw new MosaikError('ERR_TOO_LARGE', `the own entry would have ${count} ${what}; at most ${max} are allowed`, { value: count })
}

/** The digest that names details in a head. */
export function detailsId(bytes: Uint8Array): UniqueId {
  return deriveId(DOMAIN, bytes)
}

function asAddress(value: unknown, peerId: PeerId): string {
  if (!isAddress(value)) throw malformed('address')
  const { peerId: named } = splitAddress(value)
  if (named !== undefined && named !== peerId) throw malformed('address of another peer')
  return value
}

function asTickets(values: readonly unknown[]): Ticket[] {
  const tickets = values.map((value) => {
    const [cls, data] = asList(value, 'ticket', 2)
    return createTicket(idFromBytes(asFixed(cls, 'ticket class', ID_BYTES)), asBytes(data, 'ticket data', MAX_TICKET_BYTES))
  })
  for (let i = 1; i < tickets.length; i++)
    if (byId(tickets[i - 1] as Ticket, tickets[i] as Ticket) >= 0) throw malformed('order of tickets')
  return tickets
}

function byId(a: Ticket, b: Ticket): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

function joinIds(ids: Iterable<UniqueId>): Uint8Array {
  const sorted = [...ids].sort()
  const bytes = new Uint8Array(sorted.length * ID_BYTES)
  for (const [i, id] of sorted.entries()) bytes.set(toBytes(id), i * ID_BYTES)
  return bytes
}

/** 16 lower-case hex digits, not all 0. */
export function isHint(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text) && text !== NO_HINT
}

function joinHints({ groups, hints }: Details): Uint8Array {
  return Buffer.from(
    [...groups]
      .sort()
      .map((group) => hints.get(group) ?? NO_HINT)
      .join(''),
    'hex',
  )
}

function splitHints(bytes: Uint8Array, groups: readonly UniqueId[]): (readonly [UniqueId, string])[] {
  const hex = Buffer.from(bytes).toString('hex')
  const all = groups.map((group, i) => [group, hex.slice(i * NO_HINT.length, (i + 1) * NO_HINT.length)] as const)
  const hints = all.filter(([, hint]) => hint !== NO_HINT)
  if (hints.length === 0) throw malformed('hints: there are none')
  return hints
}

function splitIds(bytes: Uint8Array, what: string): UniqueId[] {
  const ids: UniqueId[] = []
  for (let at = 0; at < bytes.length; at += ID_BYTES) {
    const id = idFromBytes(bytes.subarray(at, at + ID_BYTES))
    const last = ids.at(-1)
    if (last !== undefined && last >= id) throw malformed(`order of ${what}`)
    ids.push(id)
  }
  return ids
}
