import { MosaikError } from '@mosaik/core'
import type { Rendezvous, RendezvousSession, RendezvousTable } from '@mosaik/core'
import type { Host } from '../seam.ts'
import { createIdentity } from './identity.ts'
import { createLocalPeers, noLocalPeers } from './mdns.ts'
import { openSession } from './session.ts'
import { settingsOf } from './tables.ts'

export interface RendezvousPart {
  readonly rendezvous: Rendezvous
  /** Leaves every table and stops asking the local network. Idempotent. */
  close(): Promise<void>
}

/** Rendezvous on a running node. mDNS starts now if it is asked for, a table when it is joined. */
export async function createRendezvous(host: Host): Promise<RendezvousPart> {
  const identity = createIdentity(host)
  const local = host.options.mdns ? await createLocalPeers(host) : noLocalPeers
  const sessions = new Map<RendezvousTable['kind'], Promise<RendezvousSession>>()
  let closing: Promise<void> | undefined

  const join = async (table: RendezvousTable): Promise<RendezvousSession> => {
    if (closing !== undefined) throw new MosaikError('ERR_CLOSED', 'the endpoint is closed, no table can be joined')
    if (sessions.has(table.kind))
      throw new MosaikError('ERR_ALREADY_EXISTS', `the ${table.kind} table is joined already; close that session first`)
    const settings = settingsOf(table)
    const opening = openSession(host, identity, settings)
    sessions.set(table.kind, opening)
    const forget = (): void => void (sessions.get(table.kind) === opening && sessions.delete(table.kind))
    try {
      const session = await opening
      return {
        provide: (key, options) => session.provide(key, options),
        find: (key, options) => session.find(key, options),
        close: () => session.close().finally(forget),
      }
    } catch (error) {
      forget()
      throw error
    }
  }

  const close = async (): Promise<void> => {
    await Promise.allSettled([...sessions.values()].map(async (session) => (await session).close()))
    await Promise.allSettled([identity.close(), local.close()])
  }
  return {
    rendezvous: { join, onLocalPeer: local.onLocalPeer },
    close: () => (closing ??= close()),
  }
}
