import { MosaikError } from '../../check/error.ts'
import { check } from '../../check/options.ts'
import { createMailbox } from '../../async/mailbox.ts'
import type { WaitOptions, Watch } from '../../async/watch.ts'
import type { NetworkId, PeerId, UniqueId } from '../../id/types.ts'
import { splitAddress } from '../../net/address.ts'
import type { Rendezvous, RendezvousSession, RendezvousTable } from '../../net/rendezvous.ts'
import type { Host } from './host.ts'
import type { Medium } from './medium.ts'
import type { Meeting, TableServer } from './meeting.ts'

/** A server that has not answered within this time is left out of a round. */
const ANSWER_MS = 1000
const PROVIDE_MS = 10_000
const LOCAL_QUERY_MS = 10_000
const MAX_SERVERS = 64
const MAX_FOUND = 1024
const MESSAGE_BYTES = 512

/** An endpoint, as meeting places see it. */
export interface Attendee {
  readonly id: PeerId
  readonly networkId: NetworkId
  readonly host: Host
  readonly isOpen: boolean
  readonly addresses: readonly string[]
  readonly online: Watch<boolean>
}

/** The meeting places of one endpoint: tables kept by serving nodes, and the local network. */
export class SimRendezvous implements Rendezvous {
  readonly #medium: Medium
  readonly #meeting: Meeting
  readonly #me: Attendee
  readonly #sessions = new Map<string, Session>()
  readonly #listeners = new Set<(addresses: readonly string[]) => void>()

  constructor(medium: Medium, meeting: Meeting, me: Attendee) {
    this.#medium = medium
    this.#meeting = meeting
    this.#me = me
  }

  async join(table: RendezvousTable): Promise<RendezvousSession> {
    if (table.kind === 'private') check.list('bootstrap', table.bootstrap, (name, value) => check.address(name, value))
    if (!this.#me.isOpen) throw new MosaikError('ERR_CLOSED', 'the endpoint is closed')
    if (this.#sessions.has(table.kind)) throw new MosaikError('ERR_ALREADY_EXISTS', `a ${table.kind} table is joined already`)
    const onClose = (): unknown => this.#sessions.delete(table.kind)
    const session = new Session({ medium: this.#medium, meeting: this.#meeting, me: this.#me, table, onClose })
    this.#sessions.set(table.kind, session)
    return session
  }

  onLocalPeer(found: (addresses: readonly string[]) => void): () => void {
    this.#listeners.add(found)
    if (this.#listeners.size === 1) this.#query()
    return () => void this.#listeners.delete(found)
  }

  /** A node of the same network shows itself on the local one. */
  onShown(addresses: readonly string[]): void {
    for (const found of this.#listeners) found(addresses)
  }

  close(): void {
    this.#listeners.clear()
    for (const session of this.#sessions.values()) void session.close()
  }

  /** Asks the local network who is there, now and every 10 s. */
  #query(): void {
    if (this.#listeners.size === 0 || !this.#meeting.isLocal) return
    for (const other of this.#meeting.neighboursOf(this.#me)) {
      this.#medium.datagram(this.#me.host, other.host, 'mdns-query', MESSAGE_BYTES, () => {
        if (!other.isOpen) return
        this.#medium.datagram(other.host, this.#me.host, 'mdns', MESSAGE_BYTES, () => this.onShown(other.addresses))
      })
    }
    this.#me.host.after(LOCAL_QUERY_MS, 'timer', () => this.#query())
  }
}

interface SessionParts {
  readonly medium: Medium
  readonly meeting: Meeting
  readonly me: Attendee
  readonly table: RendezvousTable
  readonly onClose: () => void
}

class Session implements RendezvousSession {
  readonly #medium: Medium
  readonly #meeting: Meeting
  readonly #me: Attendee
  readonly #isPublic: boolean
  /** Machines that are believed to serve the table. */
  readonly #servers: Set<string>
  readonly #own: TableServer | undefined
  readonly #onClose: () => void
  readonly #closing = new AbortController()

  constructor({ medium, meeting, me, table, onClose }: SessionParts) {
    this.#medium = medium
    this.#meeting = meeting
    this.#me = me
    this.#isPublic = table.kind === 'public'
    this.#servers = new Set(table.kind === 'private' ? table.bootstrap.map((address) => splitAddress(address).address) : [])
    this.#own = table.kind === 'private' && table.serve ? meeting.serve(me) : undefined
    this.#onClose = onClose
  }

  provide(key: UniqueId, { signal }: WaitOptions = {}): Promise<void> {
    const { host } = this.#me
    const all = AbortSignal.any(signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal])
    return new Promise<void>((resolve, reject) => {
      all.throwIfAborted()
      const addresses = this.#me.addresses
      const put = (server: TableServer): void => server.put(key, this.#me.id, addresses, this.#medium.timeline.now)
      if (this.#own !== undefined) put(this.#own)
      const began = this.#medium.timeline.now
      const round = (): void => void this.#ask(put, done)
      const repeat = (): void => {
        if (this.#medium.timeline.now - began < PROVIDE_MS * 1000) round()
        else fail(new MosaikError('ERR_UNREACHABLE', `no node that serves the table answered; asked: ${[...this.#servers].join(', ')}`))
        timer = host.after(ANSWER_MS, 'timer', repeat)
      }
      const stop = (): void => {
        host.cancel(timer)
        all.removeEventListener('abort', onAbort)
      }
      const done = (): void => (stop(), resolve())
      const fail = (reason: unknown): void => (stop(), reject(reason))
      const onAbort = (): void => fail(all.reason)
      all.addEventListener('abort', onAbort, { once: true })
      let timer = host.after(ANSWER_MS, 'timer', repeat)
      if (this.#own !== undefined && this.#servers.size === 0) done()
      else round()
    })
  }

  async *find(key: UniqueId, { signal }: WaitOptions = {}): AsyncGenerator<readonly string[], void, undefined> {
    const found = createMailbox<readonly string[]>({ capacity: MAX_FOUND, full: 'refuse' })
    const told = new Set<PeerId>([this.#me.id])
    const collect = (server: TableServer): [PeerId, readonly string[]][] => server.get(key, this.#medium.timeline.now)
    const tell = (records: [PeerId, readonly string[]][]): void => {
      for (const [peer, addresses] of records) if (!told.has(peer) && found.push(addresses)) told.add(peer)
    }
    if (this.#own !== undefined) tell(collect(this.#own))
    let open = this.#ask(collect, (records) => {
      tell(records)
      open -= 1
      if (open === 0) found.close()
    })
    if (open === 0) found.close()
    const timer = this.#me.host.after(ANSWER_MS, 'timer', () => found.close())
    const all = AbortSignal.any(signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal])
    const onAbort = (): void => found.close(all.reason as Error)
    all.addEventListener('abort', onAbort, { once: true })
    try {
      yield* found
      all.throwIfAborted()
    } finally {
      this.#me.host.cancel(timer)
      all.removeEventListener('abort', onAbort)
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new MosaikError('ERR_CLOSED', 'the rendezvous session was closed'))
    if (this.#own !== undefined) this.#meeting.withdraw(this.#me)
    this.#onClose()
  }

  /** Runs `visit` at every server that can be reached and `onAnswer` back here. Answers how many were asked. */
  #ask<T>(visit: (server: TableServer) => T, onAnswer: (result: T) => void): number {
    if (this.#isPublic) return this.#askPublic(visit, onAnswer)
    const servers = [...this.#servers].map((address) => this.#meeting.serverAt(address)).filter((server) => server !== undefined)
    const others = servers.filter((server) => server !== this.#own)
    for (const server of others) {
      this.#medium.datagram(this.#me.host, server.host, 'table', MESSAGE_BYTES, () => {
        if (this.#own !== undefined) server.meet(this.#me.host.address)
        const result = visit(server)
        this.#medium.datagram(server.host, this.#me.host, 'table-answer', MESSAGE_BYTES, () => {
          for (const address of server.known) if (this.#servers.size < MAX_SERVERS) this.#servers.add(address)
          onAnswer(result)
        })
      })
    }
    return others.length
  }

  /** The public table is somewhere on the internet: it answers those who are online. */
  #askPublic<T>(visit: (server: TableServer) => T, onAnswer: (result: T) => void): number {
    if (!this.#me.online.value) return 0
    this.#me.host.after(ANSWER_MS / 4, 'table', () => onAnswer(visit(this.#meeting.publicTable)))
    return 1
  }
}
