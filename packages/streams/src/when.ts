import { createWatch, MosaikError } from '@mosaik/core'
import type { Clock, Logger, WaitOptions, Watch, WatchSource } from '@mosaik/core'
import { resolveCondition } from './config.ts'
import { isMet } from './logic/condition.ts'
import type { Condition, Countable } from './logic/condition.ts'
import type { PeerCondition, When } from './types.ts'

export interface PresenceOptions {
  /** `producer of x`, for messages. */
  readonly what: string
  readonly onlineWhen: Condition
  readonly clock: Clock
  readonly logger: Logger
  readonly channels: () => Iterable<Countable>
}

/**
 * Who is connected to an end, and what holds because of it. Nothing runs here: whoever changes a channel says so, and
 * waits are decided at that moment.
 */
export class Presence {
  readonly when: When
  readonly #options: PresenceOptions
  readonly #changes: WatchSource<number> = createWatch(0)
  readonly #online: WatchSource<boolean>
  #onlineSince: number | undefined
  #leaving = false

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#online = createWatch(false)
    this.when = {
      online: async (wait) => void (await this.#online.until(isTrue, wait)),
      offline: async (wait) => void (await this.#online.until(isFalse, wait)),
      subscribed: async ({ signal, ...condition } = {}) => void (await this.#until(condition, true, signal)),
      unsubscribed: async ({ signal } = {}) => void (await this.#until({}, false, signal)),
      unmet: async ({ signal, ...condition } = {}) => void (await this.#until(condition, false, signal)),
    }
    this.update()
  }

  get isOnline(): boolean {
    return this.#online.value
  }

  get uptime(): number | undefined {
    return this.#onlineSince === undefined ? undefined : this.#options.clock.monotonic() - this.#onlineSince
  }

  condition(condition: PeerCondition): Watch<boolean> {
    return new ConditionWatch(this.#changes, this.#test(condition))
  }

  /** A channel came, went, or its peer changed. */
  update(): void {
    const online = !this.#leaving && this.#isMet(this.#options.onlineWhen)
    if (online !== this.#online.value) this.#onlineSince = online ? this.#options.clock.monotonic() : undefined
    this.#online.set(online)
    this.#changes.set(this.#changes.value + 1)
  }

  /** Offline from now on, whatever is still connected. */
  leave(): void {
    this.#leaving = true
    this.update()
  }

  /** Its channels are gone, which is told first; then waits are rejected. */
  close(): void {
    this.leave()
    const reason = new MosaikError('ERR_CLOSED', `the ${this.#options.what} was closed while its state was waited for`)
    this.#online.close(reason)
    this.#changes.close(reason)
  }

  #until(condition: PeerCondition, met: boolean, signal: AbortSignal | undefined): Promise<number> {
    const test = this.#test(condition)
    return this.#changes.until(() => test() === met, signal === undefined ? {} : { signal })
  }

  #test(condition: PeerCondition): () => boolean {
    const resolved = resolveCondition('condition', condition, 1)
    return () => this.#isMet(resolved)
  }

  #isMet(condition: Condition): boolean {
    const { channels, logger, what } = this.#options
    return isMet(condition, channels(), (error) =>
      logger.warn('a predicate on the peers of the %s threw; that peer does not count: %o', what, error),
    )
  }
}

/** A condition as a watch. It keeps nothing: it looks when asked, and follows its source only while someone waits. */
class ConditionWatch implements Watch<boolean> {
  readonly #source: Watch<number>
  readonly #test: () => boolean

  constructor(source: Watch<number>, test: () => boolean) {
    this.#source = source
    this.#test = test
  }

  get value(): boolean {
    return this.#test()
  }

  async changed(options?: WaitOptions): Promise<boolean> {
    const before = this.#test()
    await this.#source.until(() => this.#test() !== before, options)
    return !before
  }

  async until(predicate: (value: boolean) => boolean, options?: WaitOptions): Promise<boolean> {
    let held = false
    await this.#source.until(() => predicate((held = this.#test())), options)
    return held
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<boolean, void, undefined> {
    let last: boolean | undefined
    for await (const _ of this.#source) {
      const now = this.#test()
      if (now === last) continue
      last = now
      yield now
    }
  }
}

function isTrue(value: boolean): boolean {
  return value
}

function isFalse(value: boolean): boolean {
  return !value
}
