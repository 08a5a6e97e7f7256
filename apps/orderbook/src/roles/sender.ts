import { abortable, MosaikError, sleep } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Consumer, Producer } from '@mosaik/node'
import type { Instruction } from '../market/types.ts'
import { MOST_SENT } from './protocol.ts'
import type { Report, Sent } from './protocol.ts'
import { ReadAhead } from './read-ahead.ts'
import type { Source } from './read-ahead.ts'
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
  readonly source: Source<Instruction>
  /** Instructions per second. */
  readonly rate: number
  readonly onSend: (instructions: readonly Instruction[]) => void
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
  /** The source has had something to send. */
  #hasWork = false
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
  }

  get totals(): TraderTotals {
    const { acknowledged, rejected, takenBefore, repeated } = this.#window
    const seconds = this.#startedAt === undefined ? 0 : (this.#now - this.#startedAt) / 1000
    return { sent: this.#sent, acknowledged, rejected, takenBefore, repeated, seconds: Math.round(seconds * 1000) / 1000 }
  }

  /** Until everything was acknowledged. Rejects with what the source throws, when everything before was. */
  async send(orders: Producer<Sent>, signal: AbortSignal): Promise<void> {
    const { clock, client, onSend } = this.#options
    const source = new ReadAhead(this.#options.source, WINDOW)
    try {
      await abortable(source.begun, signal) // a source that cannot be read is told at once, also where there is no market
      this.#progressAt = this.#rewoundAt = this.#now
      this.#hasWork = !source.isOver()
      if (!this.#hasWork) return
      await orders.when.online({ signal })
      this.#startedAt = this.#progressAt = this.#rewoundAt = this.#now
      while (this.#window.waiting > 0 || !source.isOver()) {
        this.#fill(source)
        this.#checkTakers(orders)
        this.#checkSilence()
        for (;;) {
          const [asks, instructions] = [this.#window.asks(MOST_SENT), this.#window.next(MOST_SENT)]
          if (asks.length === 0 && instructions.length === 0) break
          onSend(instructions)
          await orders.send({ client, asks, instructions }, { signal })
        }
        await sleep(clock, TICK_MS, { signal })
      }
    } finally {
      source.stop()
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
      const waits = this.#window.waiting > 0 || (this.#hasWork && this.#startedAt === undefined)
      if (!waits || this.#now - this.#progressAt <= PATIENCE_MS) continue
      const why = orders.consumers.length === 0 ? 'nobody takes orders' : `${this.#window.waiting} instructions wait`
      throw new MosaikError('ERR_TIMEOUT', `nothing was acknowledged for ${PATIENCE_MS / 1000} s: ${why}`)
    }
  }

  get #now(): number {
    return this.#options.clock.monotonic()
  }

  get #sent(): number {
    return this.#read - this.#window.takenBefore
  }

  /** As many as are due by now, and were read, and as there is room for. */
  #fill(source: ReadAhead<Instruction>): void {
    const due = ((this.#now - (this.#startedAt as number)) / 1000) * this.#options.rate
    while (this.#sent < due && this.#window.room > 0) {
      const instruction = source.take()
      if (instruction === undefined) return
      if (this.#window.waiting === 0) this.#progressAt = this.#now
      this.#window.add(instruction)
      this.#read++
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
