import type { PeerId } from '@mosaik/core'
import type { NodeContext } from './context.ts'

const CONCURRENCY = 8
const MAX_WAITING = 256

/** Dials addresses and peers, a few at a time, each once however often it is asked for meanwhile. */
export class Dialler {
  /** `to` was an address of `peer`, or its id. */
  onReached: (to: string, peer: PeerId) => void = () => {}
  onUnreachable: (to: string) => void = () => {}
  readonly #node: NodeContext
  readonly #waiting = new Set<string>()
  readonly #dialling = new Set<string>()
  /** Bootstrap addresses that were reported not to work. */
  readonly #reported = new Set<string>()

  constructor(node: NodeContext) {
    this.#node = node
  }

  /** `to` is an address or a peer id. */
  dial(to: string): void {
    if (this.#dialling.has(to)) return
    if (this.#waiting.size >= MAX_WAITING) return this.#node.log.debug('%s is not dialled: %d others wait', to, MAX_WAITING)
    this.#waiting.add(to)
    this.#drain()
  }

  #drain(): void {
    for (const to of this.#waiting) {
      if (this.#dialling.size >= CONCURRENCY) return
      this.#waiting.delete(to)
      this.#dialling.add(to)
      const started = this.#node.scope.spawn(async (signal) => {
        await this.#connect(to, signal)
        this.#dialling.delete(to)
        this.#drain()
      })
      if (!started) return
    }
  }

  async #connect(to: string, signal: AbortSignal): Promise<void> {
    const { endpoint, log, meters } = this.#node
    meters.dials.add()
    try {
      const peer = await endpoint.connect(to, { signal })
      if (this.#reported.delete(to)) log.info('%s answers now', to)
      this.onReached(to, peer)
    } catch (error) {
      if (signal.aborted) return
      this.#report(to, error)
      this.onUnreachable(to)
    }
  }

  /** Loudly, once, for what the user has configured; whoever waits for others looks there first. */
  #report(to: string, error: unknown): void {
    const { config, log } = this.#node
    const message = error instanceof Error ? error.message : error
    if (!config.bootstrap.includes(to) || this.#reported.has(to)) return log.debug('dialling %s: %s', to, message)
    this.#reported.add(to)
    log.warn('the bootstrap address %s does not work; it will be tried again. %s', to, message)
  }
}
