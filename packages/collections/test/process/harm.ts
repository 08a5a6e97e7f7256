import { setTimeout as pass } from 'node:timers/promises'
import type { Crew, Home } from './crew.ts'
import { KINDS } from './kinds.ts'
import type { Kind } from './kinds.ts'
import type { Cause } from './outages.ts'
import type { MemberTold } from './processes.ts'
import type { Chronicle } from './chronicle.ts'

/** Voters of which one may lose its log for good: the others are a majority. */
const ENOUGH_VOTERS = 3

export interface Harm {
  kills: number
  processes: number
  /** Those that were to hit the leader of a collection. */
  leaders: number
  /** A process stood still for a while. */
  stops: number
  /** Killed ones that came back with an empty disk, as another peer. */
  wipes: number
  /** Killed ones that came back without the logs that were in memory. */
  forgotten: number
}

export interface HarmOptions {
  readonly crew: Crew
  readonly chronicle: Chronicle
  readonly below: (end: number) => number
  /** Longest wait of a dead member before it is started again, ms. */
  readonly downtime: number
}

/** Kills members, and stops some for a while. Whoever is dead comes back. */
export class Harmer {
  readonly done: Harm = { kills: 0, processes: 0, leaders: 0, stops: 0, wipes: 0, forgotten: 0 }
  readonly #options: HarmOptions
  /** Restarts and resumptions to come. */
  readonly #repairs = new Set<Promise<void>>()
  /** Voters that do not come back: peers and incarnations. */
  readonly #lost = new Set<string>()
  /** It waits until there is one who may be lost. */
  #isWipeDue = false

  constructor(options: HarmOptions) {
    this.#options = options
  }

  get isRepaired(): boolean {
    return this.#repairs.size === 0
  }

  /** Kills one, two, or a leader, if there is anybody who may be killed. Answers what it did. */
  async kill(): Promise<string> {
    const { crew, below } = this.#options
    const chance = below(10)
    const victims = chance < 2 ? this.#drawn(2) : chance < 5 ? this.#leader() : this.#drawn(1)
    if (victims.length === 0) return 'nobody may be killed now'
    this.#isWipeDue ||= below(6) === 0
    const isWipe = this.#isWipeDue && victims.length === 1 && victims.every((home) => !home.isInMemory && this.#mayBeLost(home))
    if (isWipe) this.#isWipeDue = false
    const causeOf = this.#causes(victims)
    for (const home of victims) if (isWipe || home.isInMemory) this.#lose(home)
    const at = performance.now()
    await Promise.all(victims.map((home) => crew.kill(home)))
    this.#options.chronicle.outages.killed(at, causeOf)
    this.done.kills++
    this.done.processes += victims.length
    if (chance >= 2 && chance < 5) this.done.leaders++
    for (const home of victims) {
      if (isWipe) this.done.wipes++
      else if (home.isInMemory) this.done.forgotten++
      this.#repair(this.#restart(home, isWipe, below(this.#options.downtime)))
    }
    const led = KINDS.filter((kind) => causeOf(kind) !== 'others')
    return `killed ${victims.map(({ label }) => label).join(' and ')}${isWipe ? ', for good' : ''}; led: ${led.join(', ') || 'none'}`
  }

  /** Longer than elections and dead bonds take. */
  stop(): string {
    const { crew, below } = this.#options
    const home = this.#one(crew.running.filter(({ process }) => process?.isStopped === false))
    const process = home?.process
    if (process === undefined) return 'nobody runs'
    this.done.stops++
    process.stop()
    const ms = 500 + below(2_000)
    this.#repair(pass(ms).then(() => process.resume()))
    return `stopped ${process.name} for ${ms} ms`
  }

  #drawn(count: number): Home[] {
    const running = [...this.#options.crew.running]
    const victims: Home[] = []
    while (victims.length < count && running.length > 0) {
      const [home] = running.splice(this.#options.below(running.length), 1) as [Home]
      if (!home.isInMemory || (victims.every((other) => !other.isInMemory) && this.#mayBeLost(home))) victims.push(home)
    }
    return victims
  }

  /** Of a collection; anybody when it is not known, or must not be killed. */
  #leader(): Home[] {
    const { chronicle, crew, below } = this.#options
    const kind = KINDS[below(KINDS.length)] as Kind
    const leader = crew.running.find(({ id }) => id !== undefined && id === chronicle.leaders.get(kind))
    return leader === undefined || (leader.isInMemory && !this.#mayBeLost(leader)) ? this.#drawn(1) : [leader]
  }

  /** No other vote is lost for good, and without this one there still is a majority everywhere, as soon as all others are back. */
  #mayBeLost(home: Home): boolean {
    if (!home.isOnline) return false
    return KINDS.every((kind) => {
      const members = this.#members(kind)
      const voters = members.filter(([, , standing]) => standing === 'voter')
      const isNoneLost = voters.every((voter) => !this.#lost.has(lifeOf(voter)))
      return members.some(([id]) => id === home.id) && voters.length >= ENOUGH_VOTERS && isNoneLost
    })
  }

  #lose(home: Home): void {
    for (const kind of KINDS) for (const member of this.#members(kind)) if (member[0] === home.id) this.#lost.add(lifeOf(member))
  }

  #causes(victims: readonly Home[]): (kind: Kind) => Cause {
    const { chronicle, crew } = this.#options
    const well = crew.running.filter((home) => !victims.includes(home) && home.isOnline && home.process?.isStopped === false)
    const others = well.map(({ id }) => id)
    const causes = new Map(
      KINDS.map((kind): [Kind, Cause] => {
        const leader = chronicle.leaders.get(kind)
        if (!victims.some(({ id }) => id !== undefined && id === leader)) return [kind, 'others']
        const voters = this.#members(kind).filter(([, , standing]) => standing === 'voter')
        const left = voters.filter(([id]) => others.includes(id)).length
        return [kind, voters.length >= ENOUGH_VOTERS && left === voters.length - 1 ? 'leader' : 'leader and more']
      }),
    )
    return (kind) => causes.get(kind) as Cause
  }

  #members(kind: Kind): readonly MemberTold[] {
    return this.#options.chronicle.members.get(kind) ?? []
  }

  async #restart(home: Home, isWipe: boolean, after: number): Promise<void> {
    if (isWipe) await this.#options.crew.wipe(home)
    await pass(after)
    this.#options.crew.launch(home)?.say('write')
  }

  #one<T>(some: readonly T[]): T | undefined {
    return some[this.#options.below(Math.max(1, some.length))]
  }

  #repair(work: Promise<void>): void {
    this.#repairs.add(work)
    const isDone = (): void => void this.#repairs.delete(work)
    work.then(isDone, (error: unknown) => this.#options.chronicle.fail(`a repair has failed: ${String(error)}`))
  }
}

function lifeOf([peerId, incarnation]: MemberTold): string {
  return `${peerId} ${incarnation}`
}
