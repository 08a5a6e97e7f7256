import { MosaikError, sleep } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Consumer, Producer } from '@mosaik/node'
import type { Instruction } from '../market/types.ts'
import { MOST_SENT } from './protocol.ts'
import type { Report, Sent } from './protocol.ts'
import { Window } from './window.ts'

export interface TraderTotals {
  /** Different instructions that this process has sent, or is about to: those of the source but `takenBefore`. */
  readonly sent: number
  /** Of these, taken by the market, once each. */
  readonly acknowledged: number
  /** Of these, taken and turned down: cancels of what did not wait any more, and orders beyond a limit. */
  readonly rejected: number
  /** Instructions of the source that were not sent: the market has had ones with their trader and sequence before. */
  readonly takenBefore: number
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
  readonly #iterator: AsyncIterator<Instruction>
  /** Of the source. */
  #next: IteratorResult<Instruction> | undefined
  #startedAt: number | undefined
  #progressAt = 0
  #rewoundAt = 0
  #read = 0
  /** Who takes orders. Somebody else has not got what waits. */
  #takers = ''
  /** What was expected when the last gap was told. What was under way then is told to be too early, too. */
  #gap = ''

  constructor(options: SenderOptions) {
    this.#options = options
    this.#iterator = options.source[Symbol.asyncIterator]()
  }

  get totals(): TraderTotals {
    const { acknowledged, rejected, takenBefore, repeated } = this.#window
    const seconds = this.#startedAt === undefined ? 0 : (this.#now - this.#startedAt) / 1000
    return { sent: this.#sent, acknowledged, rejected, takenBefore, repeated, seconds: Math.round(seconds * 1000) / 1000 }
  }

  /** Until everything was acknowledged. */
  async send(orders: Producer<Sent>, signal: AbortSignal): Promise<void> {
    const { clock, client } = this.#options
    try {
      this.#next = await this.#iterator.next() // a source that cannot be read is told at once, also where there is no market
      this.#progressAt = this.#rewoundAt = this.#now
      if (this.#isOver) return
      await orders.when.online({ signal })
      this.#startedAt = this.#progressAt = this.#rewoundAt = this.#now
      while (!this.#isOver || this.#window.waiting > 0) {
        await this.#fill(signal)
        this.#checkTakers(orders)
        this.#checkSilence()
        for (;;) {
          const [asks, instructions] = [this.#window.asks(MOST_SENT), this.#window.next(MOST_SENT)]
          if (asks.length === 0 && instructions.length === 0) break
          await orders.send({ client, asks, instructions }, { signal })
        }
        await sleep(clock, TICK_MS, { signal })
      }
    } finally {
      await this.#iterator.return?.()
    }
  }

  async listen(reports: Consumer<Report>, signal: AbortSignal): Promise<void> {
    for (;;) {
      const { standings, isGap, refused } = await reports.receive({ signal })
      if (this.#window.acknowledge(standings) > 0) this.#progressAt = this.#now
      if (refused.length > 0) throw new MosaikError('ERR_TRADER_LIMIT', `the market has no room for another trader: ${refused.join()}`)
      const gap = JSON.stringify(standings)
      if (!isGap || gap === this.#gap) continue
      this.#gap = gap
      this.#rewind()
    }
  }

  /** Rejects with `ERR_TIMEOUT` when something waits and nothing was acknowledged for too long, also when nobody takes orders. */
  async watch(orders: Producer<Sent>, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#options.clock, SILENCE_MS, { signal })
      const waits = this.#window.waiting > 0 || (this.#next !== undefined && this.#startedAt === undefined)
      if (!waits || this.#now - this.#progressAt <= PATIENCE_MS) continue
      const why = orders.consumers.length === 0 ? 'nobody takes orders' : `${this.#window.waiting} instructions wait`
      throw new MosaikError('ERR_TIMEOUT', `nothing was acknowledged for ${PATIENCE_MS / 1000} s: ${why}`)
    }
  }

  get #now(): number {
    return this.#options.clock.monotonic()
  }

  /** There is no more to read. */
  get #isOver(): boolean {
    return this.#next?.done === true
  }

  get #sent(): number {
    return this.#read - this.#window.takenBefore
  }

  /** As many as are due by now, and as there is room for. */
  async #fill(signal: AbortSignal): Promise<void> {
    const due = ((this.#now - (this.#startedAt as number)) / 1000) * this.#options.rate
    while (!this.#isOver && this.#sent < due && this.#window.room > 0) {
      signal.throwIfAborted()
      if (this.#window.waiting === 0) this.#progressAt = this.#now
      this.#window.add(this.#next?.value as Instruction)
      this.#read++
      this.#next = await this.#iterator.next()
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
    if (this.#now - Math.max(this.#progressAt, this.#rewoundAt) > SILENCE_MS) this.#rewind()
  }

  #rewind(): void {
    this.#window.rewind()
    this.#rewoundAt = this.#now
  }
}
