import { isKeyed } from '../../driver/machine-host.ts'
import type { ApplyContext, SnapshotItem, SnapshotReceiver } from '../../types.ts'
import { viewOf } from '../machine-state.ts'
import type { SimMachine } from '../sim-group/types.ts'
import type { History } from './history.ts'
import { sealed } from './sealed.ts'
import { shown } from './shown.ts'

export const PURE = 'nothing is asked of clocks, chance and timers'
export const AT_ONCE = 'apply and query answer at once, and never throw'

/** One machine of a history, behind its codecs as it is in a group: whatever reaches it has been bytes. */
export class Replica {
  readonly machine: SimMachine
  readonly #history: History

  constructor(history: History) {
    this.#history = history
    this.machine = history.create()
  }

  /** The `i`-th command; answers the reply as it was given. */
  apply(i: number, context: Partial<ApplyContext> = {}): unknown {
    const { commands, context: ids } = this.#history
    const command = this.#history.through('command', commands[i], i + 1)
    const all = { index: i + 1, offset: 0, term: 1, ...ids, ...context }
    return this.#answer(i + 1, 'apply', () => this.machine.apply(command, all))
  }

  /** The `i`-th query; answers the result as it was given. */
  query(i: number, at: number = i + 1): unknown {
    const query = this.#history.through('query', this.#history.queries[i], at)
    return this.#answer(at, `the query ${shown(query)}`, () => this.machine.query(query))
  }

  /** The state as it is now, to be read later. */
  view(at: number): () => SnapshotItem[] {
    const read = this.do(at, 'taking the snapshot', () => viewOf(this.machine))
    return () => this.do(at, 'reading the snapshot', read)
  }

  state(at: number): SnapshotItem[] {
    return this.view(at)()
  }

  /** Replaces the state; `pause` comes before the last step. */
  install(items: readonly SnapshotItem[], at: number, pause: () => void = () => {}): void {
    const { machine } = this
    const doing = 'installing the snapshot'
    if (isKeyed(machine)) {
      const receiver = this.do(at, doing, () => machine.receiver())
      this.do(at, doing, () => feed(receiver, items))
      pause()
      this.do(at, doing, () => receiver.commit())
    } else {
      const [[, bytes]] = items as readonly [SnapshotItem]
      const state = this.#history.decode('snapshot', bytes, at)
      this.do(at, doing, () => machine.install(state))
    }
  }

  /** Does something with the machine that must not throw, nor ask anything of the world. */
  do<T>(at: number, doing: string, work: () => T): T {
    const { touched, value, error } = sealed(work)
    if (touched !== undefined) this.#history.fail(at, `${doing} asked for ${touched}`, PURE)
    if (error !== undefined) {
      this.#history.fail(at, `${doing} threw ${error instanceof Error ? error.message : String(error)}`, AT_ONCE, error)
    }
    return value as T
  }

  #answer(at: number, doing: string, work: () => unknown): unknown {
    const answer = this.do(at, doing, work)
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return answer
    void Promise.resolve(answer).catch(() => {}) // it comes too late to matter
    return this.#history.fail(at, `${doing} answered a promise`, AT_ONCE)
  }
}

/** Items that come together, when a state is installed. */
const TOGETHER = 7

function feed(receiver: SnapshotReceiver, items: readonly SnapshotItem[]): void {
  for (let i = 0; i < items.length; i += TOGETHER) receiver.add(items.slice(i, i + TOGETHER))
}
