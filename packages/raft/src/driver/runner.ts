import type { Clock } from '@mosaik/core'
import type { Effect, SendEffect } from '../logic/effects.ts'
import { sizeOf } from '../logic/entry.ts'
import type { Event } from '../logic/events.ts'
import type { Proposal } from '../logic/messages.ts'
import { CommitNews } from './commit-news.ts'

/** Proposals of one step; one that has more bytes goes alone. Far below what a frame, and a write of the log, may have. */
const TOGETHER = 4_096
const TOGETHER_BYTES = 1024 * 1024

/** The part of a core that a runner needs. */
export interface Steps {
  step(event: Event): readonly Effect[]
}

export interface RunnerInit {
  readonly core: Steps
  readonly clock: Clock
  readonly send: (effect: SendEffect) => void
  /** Everything but sends and writes that the core wants done. */
  readonly perform: (effect: Exclude<Effect, SendEffect>) => void
  /** A step threw: this is a fault of ours, and the group ends on this node. */
  readonly onFault: (error: unknown) => void
}

/**
 * Runs one core: gathers what happens in a turn of the event loop, steps through it in order, and has the effects carried
 * out. A message that says what must not be lost waits here until the write that it names is durable.
 */
export class Runner {
  readonly #init: RunnerInit
  #events: Event[] = []
  /** Those that it is just stepping through, and which of them are withdrawn. */
  #stepping: readonly Event[] = []
  readonly #withdrawn = new Set<Event>()
  #scheduled = false
  #running = false
  #stopped = false
  #hasNews = true
  #durable = 0
  /** Bytes of the newest event with proposals. */
  #proposed = 0
  /** In order of the writes they wait for. */
  #held: SendEffect[] = []
  readonly #news: CommitNews

  constructor(init: RunnerInit) {
    this.#init = init
    this.#news = new CommitNews(init.clock, (effect) => this.#send(effect))
  }

  /** Something happened; it is handled when this turn is over. */
  submit(event: Event): void {
    if (this.#stopped) return
    this.#events.push(event)
    if (this.#scheduled || this.#running) return
    this.#scheduled = true
    this.#init.clock.turn(() => {
      this.#scheduled = false
      this.#run()
    })
  }

  /** Proposals of one turn travel together, or are written together by a leader, as many as may: a step is one forward, or one write. */
  propose(proposals: readonly Proposal[]): void {
    for (const proposal of proposals) {
      const bytes = sizeOf(proposal.data)
      const last = this.#events.at(-1)
      const gathered = last?.type === 'propose' ? (last.proposals as Proposal[]) : undefined
      if (gathered !== undefined && gathered.length < TOGETHER && this.#proposed + bytes <= TOGETHER_BYTES) {
        gathered.push(proposal)
        this.#proposed += bytes
      } else {
        this.submit({ type: 'propose', proposals: [proposal] })
        this.#proposed = bytes
      }
    }
  }

  /**
   * What is proposed and not stepped through yet will not be. There is another leader, and whoever has proposed it does so again, in order,
   * with what the last leader may have lost: it must not come to the new one before that.
   */
  withdraw(): void {
    for (const event of this.#stepping) if (event.type === 'propose') this.#withdrawn.add(event)
    this.#events = this.#events.filter(({ type }) => type !== 'propose')
  }

  /** Everything up to this write is durable. */
  stored(write: number): void {
    this.#durable = write
    this.submit({ type: 'stored', write })
  }

  /** Whether anything but time has passed since this was last asked. */
  takeNews(): boolean {
    const had = this.#hasNews
    this.#hasNews = false
    return had
  }

  /** Nothing is stepped or sent from now on. */
  stop(): void {
    this.#stopped = true
    this.#events = []
    this.#held = []
    this.#news.clear()
  }

  #run(): void {
    this.#running = true
    try {
      while (this.#events.length > 0 && !this.#stopped) {
        const events = this.#events
        this.#events = []
        this.#stepping = events
        this.#withdrawn.clear()
        for (const event of events) {
          if (this.#withdrawn.has(event)) continue
          if (event.type === 'stored') this.#release()
          const effects = this.#init.core.step(event)
          if (event.type !== 'tick' || effects.length > 0) this.#hasNews = true
          for (const effect of effects) this.#carryOut(effect)
        }
      }
    } catch (error) {
      this.#init.onFault(error)
    } finally {
      this.#running = false
      this.#stepping = []
    }
  }

  #carryOut(effect: Effect): void {
    if (this.#stopped) return
    if (effect.type !== 'send') this.#init.perform(effect)
    else if (!this.#news.takes(effect)) this.#send(effect)
  }

  #send(effect: SendEffect): void {
    // Nothing overtakes what is held for the same peer: messages keep their order.
    if (effect.after > this.#durable || this.#held.some(({ to }) => to === effect.to)) this.#held.push(effect)
    else this.#init.send(effect)
  }

  #release(): void {
    const held = this.#held
    if (held.length === 0) return
    this.#held = []
    const blocked = new Set<string>()
    for (const effect of held) {
      if (effect.after > this.#durable || blocked.has(effect.to)) {
        blocked.add(effect.to)
        this.#held.push(effect)
      } else this.#init.send(effect)
    }
  }
}
