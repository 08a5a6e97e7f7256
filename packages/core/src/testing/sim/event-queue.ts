/** Whose event it is: a stopped owner's events wait, a dead owner's are dropped. */
export interface EventOwner {
  readonly index: number
  state: 'running' | 'paused' | 'dead'
  /** Events that came due while it was paused. */
  readonly backlog: SimEvent[]
}

/** Something that happens at one instant of virtual time. */
export interface SimEvent {
  /** Microseconds since the world began. */
  at: number
  /** Ties are broken by the order of scheduling. */
  readonly order: number
  readonly owner: EventOwner | undefined
  readonly kind: string
  /** Undefined once cancelled. */
  task: (() => void) | undefined
}

const COMPACT_ABOVE = 1024

/** A binary heap of events by time. Cancelled events stay until they come up or outnumber the others. */
export class EventQueue {
  #heap: SimEvent[] = []
  #cancelled = 0

  /** Events that will still happen. */
  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  push(event: SimEvent): void {
    this.#heap.push(event)
    this.#up(this.#heap.length - 1)
  }

  /** Forgets `event`; it must be in this queue. */
  cancel(event: SimEvent): void {
    if (event.task === undefined) return
    event.task = undefined
    this.#cancelled += 1
    if (this.#cancelled > COMPACT_ABOVE && this.#cancelled * 2 > this.#heap.length) this.#compact()
  }

  /** The next event, left in place. */
  peek(): SimEvent | undefined {
    while (this.#heap.length > 0 && this.#heap[0]?.task === undefined) {
      this.#removeFirst()
      this.#cancelled -= 1
    }
    return this.#heap[0]
  }

  pop(): SimEvent | undefined {
    const first = this.peek()
    if (first !== undefined) this.#removeFirst()
    return first
  }

  clear(): void {
    this.#heap = []
    this.#cancelled = 0
  }

  #removeFirst(): void {
    const last = this.#heap.pop() as SimEvent
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#down(0)
  }

  #up(start: number): void {
    const heap = this.#heap
    const event = heap[start] as SimEvent
    let i = start
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(event, heap[parent] as SimEvent)) break
      heap[i] = heap[parent] as SimEvent
      i = parent
    }
    heap[i] = event
  }

  #down(start: number): void {
    const heap = this.#heap
    const event = heap[start] as SimEvent
    const half = heap.length >> 1
    let i = start
    while (i < half) {
      let child = 2 * i + 1
      if (child + 1 < heap.length && isBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) child += 1
      if (!isBefore(heap[child] as SimEvent, event)) break
      heap[i] = heap[child] as SimEvent
      i = child
    }
    heap[i] = event
  }

  #compact(): void {
    this.#heap = this.#heap.filter((event) => event.task !== undefined)
    this.#cancelled = 0
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#down(i)
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
