import type { Clock } from '../../time/clock.ts'
import type { Prng } from '../../random/prng.ts'
import { MosaikError } from '../../check/error.ts'
import type { EventOwner, SimEvent } from './event-queue.ts'
import type { Timeline } from './timeline.ts'

export interface HostParts {
  readonly timeline: Timeline
  /** What a right clock shows when the world begins, ms since the epoch. */
  readonly startAt: number
  readonly index: number
  readonly label: string
  readonly address: string
  readonly prng: Prng
  readonly skewMs: number
}

/** One run of one simulated process: what can be paused and killed, with its own idea of the time. */
export class Host implements EventOwner {
  state: EventOwner['state'] = 'running'
  readonly backlog: SimEvent[] = []
  readonly index: number
  /** In traces and logs. */
  readonly label: string
  /** Of the machine: it stays when the process is restarted. */
  readonly address: string
  readonly prng: Prng
  readonly clock: Clock
  /** What its wall clock shows too much, ms. */
  skewMs: number
  readonly #timeline: Timeline

  constructor({ timeline, startAt, index, label, address, prng, skewMs }: HostParts) {
    this.#timeline = timeline
    this.index = index
    this.label = label
    this.address = address
    this.prng = prng
    this.skewMs = skewMs
    this.clock = timelineClock(timeline, this, () => startAt + this.skewMs)
  }

  /** Runs `task` after `ms`, unless this process is dead then. */
  after(ms: number, kind: string, task: () => void): SimEvent {
    return this.#timeline.after(ms * 1000, this, kind, task)
  }

  /** Runs `task` when the current step is over, still at this instant. */
  endOfTurn(task: () => void): void {
    this.#timeline.endOfTurn(this, task)
  }

  cancel(event: SimEvent): void {
    this.#timeline.cancel(event)
  }
}

/** The clock of `owner`, or of nobody in particular. */
export function timelineClock(timeline: Timeline, owner: EventOwner | undefined, epochMs: () => number): Clock {
  return {
    now: () => Math.floor(epochMs() + timeline.now / 1000),
    monotonic: () => timeline.now / 1000,
    after: (ms, task) => {
      if (Number.isNaN(ms)) throw new MosaikError('ERR_INVALID_OPTION', 'clock.after: not a number of milliseconds')
      const event = timeline.after(ms * 1000, owner, 'timer', task)
      return () => timeline.cancel(event)
    },
    turn: (task) => timeline.endOfTurn(owner, task),
  }
}
