import { MosaikError } from '../../check/error.ts'
import { EventQueue, type EventOwner, type SimEvent } from './event-queue.ts'

// Taken at once, so that a test runner's fake timers do not stop the world.
const nextTurn: (task: () => void) => unknown = setImmediate

/** Node drains microtasks between immediates of one loop iteration: several per iteration save polls of the operating system. */
const STEPS_PER_ITERATION = 32
/** So many steps without time passing are taken for a loop that never ends. */
const STANDSTILL_STEPS = 1_000_000

interface Waiter {
  /** Virtual time at which it has waited long enough. */
  readonly until: number
  readonly onTime: () => void
  /** Undefined for one that waits for time alone. */
  readonly onDeadlock: ((error: Error) => void) | undefined
  readonly onFailure: (error: unknown) => void
}

/**
 * Virtual time. It passes only while someone waits (`sleep`, `drive`), in steps: one event, then all microtasks that
 * follow from it, then the tasks set aside for the end of the turn, then the next event.
 */
export class Timeline {
  /** Microseconds since the world began. */
  now = 0
  /** Sees every event just before it happens. */
  onEvent: (event: SimEvent) => void = () => undefined
  readonly #queue = new EventQueue()
  readonly #waiters = new Set<Waiter>()
  #turn: { owner: EventOwner | undefined; task: () => void }[] = []
  #order = 0
  #chains = 0
  #standstill = 0
  #closed = false

  /** Events and end-of-turn tasks that will still happen. */
  get pending(): number {
    return this.#queue.size + this.#turn.length
  }

  /** Runs `task` once, `delay` microseconds from now, when `owner` runs then. */
  after(delay: number, owner: EventOwner | undefined, kind: string, task: () => void): SimEvent {
    return this.at(this.now + Math.max(0, Math.round(delay)), owner, kind, task)
  }

  at(time: number, owner: EventOwner | undefined, kind: string, task: () => void): SimEvent {
    const event: SimEvent = { at: Math.max(this.now, time), order: this.#order++, owner, kind, task }
    if (!this.#closed) this.#queue.push(event)
    return event
  }

  cancel(event: SimEvent): void {
    if (event.owner?.backlog.includes(event) === true) event.task = undefined
    else this.#queue.cancel(event)
  }

  /** Runs `task` when the microtasks of the current step are done, before time passes. */
  endOfTurn(owner: EventOwner | undefined, task: () => void): void {
    this.#turn.push({ owner, task })
  }

  /** Puts what a paused owner missed back in front of it. */
  release(owner: EventOwner): void {
    for (const event of owner.backlog.splice(0)) {
      if (event.task === undefined) continue
      event.at = this.now // its old place in the order keeps it before what came later
      this.#queue.push(event)
    }
  }

  /** Lets `duration` microseconds pass. */
  sleep(duration: number): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#wait({ until: this.now + duration, onTime: resolve, onDeadlock: undefined, onFailure: reject }),
    )
  }

  /** Lets time pass until `promise` settles; rejects when it does not within `duration` microseconds, or when nothing is left to happen. */
  drive<T>(promise: Promise<T>, duration: number, what: string): Promise<T> {
    const began = this.now
    return new Promise<T>((resolve, reject) => {
      const late = (): void =>
        reject(
          this.#error(
            'ERR_TIMEOUT',
            `${what} did not settle within ${(duration / 1e6).toFixed(3)} s (since ${(began / 1e6).toFixed(3)} s)`,
          ),
        )
      const waiter: Waiter = { until: began + duration, onTime: late, onDeadlock: reject, onFailure: reject }
      const done = (): unknown => this.#waiters.delete(waiter)
      promise.then(
        (value) => (done(), resolve(value)),
        (error: unknown) => (done(), reject(error)),
      )
      this.#wait(waiter)
    })
  }

  /** Ends all waits with `ERR_CLOSED`; nothing happens any more. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#queue.clear()
    this.#turn = []
    this.#fail(this.#error('ERR_CLOSED', 'the simulated world was closed'))
  }

  #wait(waiter: Waiter): void {
    if (this.#closed) return waiter.onFailure(this.#error('ERR_CLOSED', 'the simulated world is closed'))
    this.#waiters.add(waiter)
    while (this.#chains < STEPS_PER_ITERATION) {
      this.#chains += 1
      nextTurn(this.#pump)
    }
  }

  readonly #pump = (): void => {
    if (this.#waiters.size === 0) {
      this.#chains -= 1
      return
    }
    nextTurn(this.#pump)
    try {
      this.#step()
    } catch (error) {
      this.#fail(error)
    }
  }

  #step(): void {
    if (++this.#standstill > STANDSTILL_STEPS)
      throw this.#error('ERR_TIMEOUT', `time stands still: ${STANDSTILL_STEPS} events at one instant`)
    if (this.#turn.length > 0) return this.#runTurn()
    const event = this.#queue.peek()
    const first = this.#firstWaiter()
    if (event === undefined && first?.onDeadlock !== undefined && this.#onlyDeadlocked()) return this.#deadlock()
    if (first !== undefined && (event === undefined || event.at > first.until)) {
      this.#advance(first.until)
      this.#waiters.delete(first)
      return first.onTime()
    }
    if (event !== undefined) this.#happen(event)
  }

  #happen(event: SimEvent): void {
    this.#queue.pop()
    this.#advance(event.at)
    const { owner } = event
    if (owner?.state === 'dead') return void (event.task = undefined)
    if (owner?.state === 'paused') return void owner.backlog.push(event)
    this.onEvent(event)
    const task = event.task
    event.task = undefined
    task?.()
  }

  #runTurn(): void {
    const tasks = this.#turn
    this.#turn = []
    for (const { owner, task } of tasks) {
      if (owner?.state === 'dead') continue
      if (owner?.state === 'paused') owner.backlog.push({ at: this.now, order: this.#order++, owner, kind: 'turn', task })
      else task()
    }
  }

  #advance(time: number): void {
    if (time > this.now) this.#standstill = 0
    this.now = Math.max(this.now, time)
  }

  #firstWaiter(): Waiter | undefined {
    let first: Waiter | undefined
    for (const waiter of this.#waiters) if (first === undefined || waiter.until < first.until) first = waiter
    return first
  }

  #onlyDeadlocked(): boolean {
    for (const waiter of this.#waiters) if (waiter.onDeadlock === undefined) return false
    return true
  }

  #deadlock(): void {
    const error = this.#error('ERR_TIMEOUT', 'deadlock: nothing is left to happen, so what is waited for will never settle')
    for (const waiter of this.#waiters) waiter.onDeadlock?.(error)
    this.#waiters.clear()
  }

  #fail(error: unknown): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) waiter.onFailure(error)
  }

  #error(code: string, message: string): MosaikError {
    return new MosaikError(code as 'ERR_TIMEOUT', `${message}; virtual time is ${(this.now / 1e6).toFixed(6)} s`)
  }
}
