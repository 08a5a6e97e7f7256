import { MosaikError, sleep } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Consumer, Producer } from '@mosaik/node'
import type { Instruction } from '../market/types.ts'
import { MOST_SENT } from './protocol.ts'
import type { Report, Sent } from './protocol.ts'
import { Window } from './window.ts'

export interface TraderTotals {
  /** Different instructions: those of the source. */
  readonly sent: number
  /** Taken by the market, once each. */
  readonly acknowledged: number
  /** Instructions that were sent once more. */
  readonly repeated: number
  /** From the first instruction on. */
  readonly seconds: number
}

export interface SenderOptions {
  readonly clock: Clock
  readonly client: string
  readonly source: AsyncIterable<Instruction>
  /** Instructions per second. */
  readonly rate: number
}

const WINDOW = 2_048
const TICK_MS = 5
/** Without any acknowledgement for so long, what waits is sent again. */
const SILENCE_MS = 1_000
const PATIENCE_MS = 60_000

/** Sends what a source has, and again what was not acknowledged. */
export class Sender {
  readonly #options: SenderOptions
  readonly #window = new Window(WINDOW)
  #startedAt: number | undefined
  #progressAt = 0
  #rewoundAt = 0
  #taken = 0
  #isOver = false
  /** Who takes orders. Somebody else has not got what waits. */
  #takers = ''
  /** What was expected when the last gap was told. What was under way then is told to be too early, too. */
  #gap = ''

  constructor(options: SenderOptions) {
    this.#options = options
  }

  get totals(): TraderTotals {
    const { acknowledged, repeated } = this.#window
    const seconds = this.#startedAt === undefined ? 0 : (this.#now - this.#startedAt) / 1000
    return { sent: this.#taken, acknowledged, repeated, seconds: Math.round(seconds * 1000) / 1000 }
  }

  /** Until everything was acknowledged. */
  async send(orders: Producer<Sent>, signal: AbortSignal): Promise<void> {
    const { clock, client, source } = this.#options
    const iterator = source[Symbol.asyncIterator]()
    try {
      await orders.when.online({ signal })
      this.#startedAt = this.#progressAt = this.#rewoundAt = this.#now
      while (!this.#isOver || this.#window.waiting > 0) {
        await this.#fill(iterator)
        this.#checkTakers(orders)
        this.#checkSilence()
        for (let batch = this.#window.next(MOST_SENT); batch.length > 0; batch = this.#window.next(MOST_SENT)) {
          await orders.send({ client, instructions: batch }, { signal })
        }
        await sleep(clock, TICK_MS, { signal })
      }
    } finally {
      await iterator.return?.()
    }
  }

  async listen(reports: Consumer<Report>, signal: AbortSignal): Promise<void> {
    for (;;) {
      const { expected, isGap } = await reports.receive({ signal })
      if (this.#window.acknowledge(expected) > 0) this.#progressAt = this.#now
      const gap = JSON.stringify(expected)
      if (!isGap || gap === this.#gap) continue
      this.#gap = gap
      this.#rewind()
    }
  }

  get #now(): number {
    return this.#options.clock.monotonic()
  }

  /** As many as are due by now, and as there is room for. */
  async #fill(iterator: AsyncIterator<Instruction>): Promise<void> {
    const due = ((this.#now - (this.#startedAt as number)) / 1000) * this.#options.rate
    while (!this.#isOver && this.#taken < due && this.#window.room > 0) {
      const { done, value } = await iterator.next()
      if (done === true) this.#isOver = true
      else {
        if (this.#window.waiting === 0) this.#progressAt = this.#now
        this.#window.add(value)
        this.#taken++
      }
    }
  }

  #checkTakers({ consumers }: Producer<Sent>): void {
    const takers = consumers.map(({ peerId }) => peerId).join()
    if (takers === '' || takers === this.#takers) return
    this.#takers = takers
    this.#rewind()
  }

  #checkSilence(): void {
    if (this.#window.waiting === 0) return
    const now = this.#now
    if (now - this.#progressAt > PATIENCE_MS) {
      throw new MosaikError(
        'ERR_TIMEOUT',
        `nothing was acknowledged for ${PATIENCE_MS / 1000} s; ${this.#window.waiting} instructions wait`,
      )
    }
    if (now - Math.max(this.#progressAt, this.#rewoundAt) > SILENCE_MS) this.#rewind()
  }

  #rewind(): void {
    this.#window.rewind()
    this.#rewoundAt = this.#now
  }
}
