import { identify, identifyPush } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import { start, stop } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import type { Ping } from '@libp2p/ping'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'

const IDENTIFY_TIMEOUT = 5_000

/**
 * libp2p's identify and ping, started when a table is first joined: kad-dht learns through them who serves it and at
 * which addresses. Nodes without a table do not pay for them on every connection.
 */
export interface Identity {
  /** Starts them once, and asks whoever is connected already. */
  ensure(): Promise<Ping>
  /** Asks again, since the other side may have joined the table meanwhile. Never rejects. */
  ask(connection: Connection): Promise<void>
  close(): Promise<void>
}

export function createIdentity(host: Host): Identity {
  const components = componentsOf(host.libp2p)
  let started: Promise<{ readonly ping: Ping; readonly ask: Identity['ask']; readonly parts: readonly unknown[] }> | undefined

  const begin = async () => {
    const asker = identify({ timeout: IDENTIFY_TIMEOUT })(components)
    const pusher = identifyPush({ timeout: IDENTIFY_TIMEOUT })(components)
    const pinger = ping()(components)
    const ask = async (connection: Connection): Promise<void> => {
      try {
        await asker.identify(connection, { signal: AbortSignal.any([AbortSignal.timeout(IDENTIFY_TIMEOUT), host.signal]) })
      } catch (error) {
        host.logger.debug('%s did not identify itself: %o', connection.remotePeer.toString(), error)
      }
    }
    const parts = [asker, pusher, pinger]
    await start(...parts)
    for (const connection of host.libp2p.getConnections()) void ask(connection)
    return { ping: pinger, ask, parts }
  }

  return {
    ensure: async () => (await (started ??= begin())).ping,
    ask: async (connection) => (await started)?.ask(connection),
    async close() {
      const running = await started
      if (running !== undefined) await stop(...running.parts)
    },
  }
}
