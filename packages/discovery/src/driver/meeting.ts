import { deadline, deriveId, MosaikError, sleep } from '@mosaik/core'
import type { RendezvousSession, UniqueId } from '@mosaik/core'
import { jittered } from '../logic/schedule.ts'
import type { Connector } from './connector.ts'
import type { NodeContext } from './context.ts'

/** Pause between rounds while there is nobody, ms. */
const LONELY_MS = 5000
const JITTER = 1 / 3
/** One round of publishing or of looking may take this long. */
const ROUND_MS = 30_000
const MAX_FOUND = 20

/** Meets first peers without knowing any: on the local network, and in a distributed table under a key of the network's. */
export class Meeting {
  readonly #node: NodeContext
  readonly #connector: Connector
  readonly #key: UniqueId

  constructor(node: NodeContext, connector: Connector) {
    this.#node = node
    this.#connector = connector
    this.#key = deriveId(node.endpoint.networkId, 'rendezvous')
  }

  /** Rejects with `ERR_INVALID_OPTION` where the table's bootstrap is malformed. */
  async start(): Promise<void> {
    const { endpoint, config, scope } = this.#node
    const { rendezvous } = endpoint
    const { dht } = config
    scope.add(rendezvous.onLocalPeer((addresses) => this.#found(addresses)))
    if (dht === undefined) return
    const session = await rendezvous.join(dht.table)
    scope.add(() => session.close())
    scope.spawn((signal) => this.#publish(session, dht.interval, signal))
    scope.spawn((signal) => this.#look(session, dht.interval, signal))
  }

  async #publish(session: RendezvousSession, interval: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const done = await this.#round('publishing in the table', signal, (inner) => session.provide(this.#key, { signal: inner }))
      await this.#pause(done ? interval : LONELY_MS, signal)
    }
  }

  async #look(session: RendezvousSession, interval: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#round('looking into the table', signal, async (inner) => {
        let count = 0
        for await (const addresses of session.find(this.#key, { signal: inner })) {
          this.#found(addresses)
          if (++count >= MAX_FOUND) break
        }
      })
      // Long pauses are taken in short steps: a node that becomes lonely looks again soon.
      for (let rest = interval; rest > 0; rest -= LONELY_MS) {
        await this.#pause(Math.min(LONELY_MS, rest), signal)
        if (this.#connector.isLonely) break
      }
    }
  }

  #found(addresses: readonly string[]): void {
    this.#connector.meet(addresses)
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#node.endpoint.clock, jittered(ms, JITTER, this.#node.endpoint.prng), { signal })
  }

  async #round(what: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const late = (): Error => new MosaikError('ERR_TIMEOUT', `${what} took more than ${ROUND_MS} ms`)
    try {
      await deadline(this.#node.endpoint.clock, ROUND_MS, work, late, { signal })
      return true
    } catch (error) {
      signal.throwIfAborted()
      this.#node.log.debug('%s: %s', what, error instanceof Error ? error.message : error)
      return false
    }
  }
}
