import type { PeerId, UniqueId } from '../../id/types.ts'
import type { Host } from './host.ts'
import type { Attendee } from './sim-rendezvous.ts'

/** How long a record can be found after it was provided, microseconds. */
const RECORD_US = 150e6
const MAX_KEYS = 10_000
const MAX_RECORDS = 1000

/** One node's part of a rendezvous table. */
export class TableServer {
  readonly host: Host
  /** Machines that serve the same table. */
  readonly known: Set<string> = new Set()
  readonly #records = new Map<UniqueId, Map<PeerId, { readonly addresses: readonly string[]; readonly until: number }>>()

  constructor(host: Host) {
    this.host = host
  }

  meet(address: string): void {
    if (this.known.size < MAX_RECORDS) this.known.add(address)
  }

  put(key: UniqueId, peer: PeerId, addresses: readonly string[], now: number): void {
    let records = this.#records.get(key)
    if (records === undefined) {
      if (this.#records.size >= MAX_KEYS) return
      records = new Map()
      this.#records.set(key, records)
    }
    records.delete(peer)
    records.set(peer, { addresses, until: now + RECORD_US })
    if (records.size > MAX_RECORDS) records.delete(records.keys().next().value as PeerId)
  }

  get(key: UniqueId, now: number): [PeerId, readonly string[]][] {
    const records = this.#records.get(key)
    if (records === undefined) return []
    for (const [peer, { until }] of records) if (until < now) records.delete(peer)
    return [...records].map(([peer, { addresses }]) => [peer, addresses])
  }
}

/** Where nodes of a world can meet without knowing each other. */
export class Meeting {
  /** True when all machines are on one local network that shows its nodes. */
  readonly isLocal: boolean
  readonly publicTable: TableServer
  readonly #servers = new Map<string, { readonly server: TableServer; readonly attendee: Attendee }>()
  readonly #attendees: () => Iterable<Attendee>

  constructor(isLocal: boolean, internet: Host, attendees: () => Iterable<Attendee>) {
    this.isLocal = isLocal
    this.publicTable = new TableServer(internet)
    this.#attendees = attendees
  }

  serve(attendee: Attendee): TableServer {
    const server = new TableServer(attendee.host)
    this.#servers.set(attendee.host.address, { server, attendee })
    return server
  }

  withdraw(attendee: Attendee): void {
    if (this.#servers.get(attendee.host.address)?.attendee === attendee) this.#servers.delete(attendee.host.address)
  }

  serverAt(address: string): TableServer | undefined {
    const found = this.#servers.get(address)
    return found?.attendee.isOpen === true ? found.server : undefined
  }

  /** Open endpoints of the same network on other machines. */
  *neighboursOf(me: Attendee): Generator<Attendee, void, undefined> {
    for (const other of this.#attendees()) if (other !== me && other.isOpen && other.networkId === me.networkId) yield other
  }
}
