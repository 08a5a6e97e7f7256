import type { Home } from './crew.ts'
import { KINDS, subjects } from './kinds.ts'
import type { Kind, Write } from './kinds.ts'
import { Ledger } from './ledger.ts'
import { Outages } from './outages.ts'
import type { MemberProcess, MemberTold, Told } from './processes.ts'

export type StatesTold = Told & { readonly type: 'states' }

/** All that members and the witness have told. */
export class Chronicle {
  readonly ledgers: ReadonlyMap<Kind, Ledger> = new Map(KINDS.map((kind) => [kind, new Ledger(subjects[kind])]))
  readonly outages = new Outages()
  /** As the witness knows them. */
  readonly leaders = new Map<Kind, string | null>()
  readonly members = new Map<Kind, readonly MemberTold[]>()
  /** The last that each has told. */
  readonly states = new Map<Home, StatesTold>()
  /** Histories that were founded, or went on from another one. */
  lineages = 0
  failure: string | undefined

  hear(home: Home, process: MemberProcess, told: Told): void {
    switch (told.type) {
      case 'given':
        this.#ledger(told.kind).given(process.name, told.number, revived(told.write))
        return this.outages.given(process.name, told.number)
      case 'done':
        this.#ledger(told.kind).acknowledged(process.name, told.number, told.index, told.result)
        return this.outages.acknowledged(told.kind, process.name, told.number)
      case 'failed':
        return this.#ledger(told.kind).failed(process.name, told.number, told.code)
      case 'seen':
        return this.#ledger(told.kind).seen(told.index, revived(told.write), told.result)
      case 'missed':
        return this.#ledger(told.kind).missed(told.index)
      case 'leader':
        return void this.leaders.set(told.kind, told.leader)
      case 'members':
        return void this.members.set(told.kind, told.members)
      case 'lineage':
        return void this.lineages++
      case 'states':
        return void this.states.set(home, told)
      case 'surprise':
        return this.fail(`${process.name} says of its ${told.kind}: ${told.what}`)
      case 'started':
      case 'online':
      case 'stopped':
    }
  }

  /** This life has ended. */
  gone(name: string): void {
    for (const ledger of this.ledgers.values()) ledger.gone(name)
    this.outages.gone(name)
  }

  fail(what: string): void {
    this.failure ??= what
  }

  #ledger(kind: Kind): Ledger {
    return this.ledgers.get(kind) as Ledger
  }
}

/** What was undefined has become null on the way. */
function revived([method, ...args]: Write): Write {
  return [method, ...args.map((arg) => arg ?? undefined)]
}
