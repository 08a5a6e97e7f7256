import type { Instruction } from '../market/types.ts'
import type { TraderStanding } from './protocol.ts'

/** What was not acknowledged yet, in its order: as much as is needed to send it again. */
export class Window {
  #waiting: Instruction[] = []
  readonly #size: number
  /** How many of those that wait have been sent since the last rewind, and ever. */
  #sent = 0
  #sentOnce = 0
  /** Of each trader that is known: how far it is, and how many were turned down before anything was sent for it. */
  readonly #traders = new Map<string, { expected: number; rejected: number; readonly rejectedBefore: number }>()
  /** Traders of those that wait who are not known yet, and whether they have been asked for since the last rewind. */
  readonly #unknown = new Map<string, { isAsked: boolean }>()
  /** Instructions that were sent once more. */
  repeated = 0
  acknowledged = 0
  /** Instructions that had been taken when they were to be sent for the first time. */
  takenBefore = 0

  constructor(size: number) {
    this.#size = size
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get room(): number {
    return this.#size - this.#waiting.length
  }

  /** Instructions of these traders that were turned down, since the first was sent. */
  get rejected(): number {
    return this.#traders.values().reduce((sum, { rejected, rejectedBefore }) => sum + rejected - rejectedBefore, 0)
  }

  /** Needs room. */
  add(instruction: Instruction): void {
    const { trader, sequence } = instruction
    const known = this.#traders.get(trader)
    if (known !== undefined && sequence < known.expected) this.takenBefore++
    else this.#waiting.push(instruction)
    if (known === undefined && !this.#unknown.has(trader)) this.#unknown.set(trader, { isAsked: false })
  }

  /** Traders to be asked for, at most so many: nothing is sent before it is known what was taken already. */
  asks(most: number): readonly string[] {
    const asks = this.#unknown.entries().filter(([, { isAsked }]) => !isAsked).take(most) // prettier-ignore
    return Array.from(asks, ([trader, unknown]) => {
      unknown.isAsked = true
      return trader
    })
  }

  /** The next ones to be sent, at most so many, up to the first whose trader is not known. */
  next(most: number): readonly Instruction[] {
    let batch = this.#waiting.slice(this.#sent, this.#sent + most)
    const stop = this.#unknown.size === 0 ? -1 : batch.findIndex(({ trader }) => this.#unknown.has(trader))
    if (stop !== -1) batch = batch.slice(0, stop)
    const sent = this.#sent + batch.length
    this.repeated += Math.max(0, Math.min(this.#sentOnce, sent) - this.#sent)
    this.#sent = sent
    this.#sentOnce = Math.max(this.#sentOnce, sent)
    return batch
  }

  /** Of each trader everything below its sequence was taken. Answers how many wait no more. */
  acknowledge(standings: Iterable<TraderStanding>): number {
    for (const { trader, expected, rejected } of standings) this.#learn(trader, expected, rejected)
    const isTaken = ({ trader, sequence }: Instruction): boolean => sequence < (this.#traders.get(trader)?.expected ?? 0)
    const left = (count: number): number => count - this.#waiting.slice(0, count).filter(isTaken).length
    const [sent, sentOnce] = [left(this.#sent), left(this.#sentOnce)]
    const before = this.#waiting.length
    this.#waiting = this.#waiting.filter((instruction) => !isTaken(instruction))
    const taken = before - this.#waiting.length
    this.acknowledged += this.#sentOnce - sentOnce
    this.takenBefore += taken - (this.#sentOnce - sentOnce)
    this.#sent = sent
    this.#sentOnce = sentOnce
    return taken
  }

  /** Everything that waits is sent again, and who is not known is asked for again. */
  rewind(): void {
    this.#sent = 0
    for (const unknown of this.#unknown.values()) unknown.isAsked = false
  }

  #learn(trader: string, expected: number, rejected: number): void {
    this.#unknown.delete(trader)
    const known = this.#traders.get(trader) ?? { expected, rejected, rejectedBefore: rejected }
    known.expected = Math.max(known.expected, expected)
    known.rejected = Math.max(known.rejected, rejected)
    this.#traders.set(trader, known)
  }
}
