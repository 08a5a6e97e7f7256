import { setTimeout as pass } from 'node:timers/promises'
import { seededPrng } from '@mosaik/core'
import { Crew } from './crew.ts'
import { Harmer } from './harm.ts'
import type { Harm } from './harm.ts'
import { KINDS } from './kinds.ts'
import type { Kind } from './kinds.ts'
import type { Counts, Ledger } from './ledger.ts'
import { Chronicle } from './chronicle.ts'
import type { StatesTold } from './chronicle.ts'

const MEMBERS = 5
/** Every write ends after this. */
const CALL = '10s'
const POLL_MS = 20
/** Before those who are asked what they have are asked again. */
const ASK_AGAIN_MS = 250

export interface KillsOptions {
  /** Chooses victims, waits and writes. The processes run as they like. */
  readonly seed: string
  /** Under harm. */
  readonly seconds: number
  /** Between two kills, ms; longer where members need longer to start. */
  readonly period: number
  /** Longest wait of a dead member before it is started again, ms. */
  readonly downtime: number
  /** Longest wait for anything, ms. */
  readonly patience: number
  /** Members with their logs in memory: a kill loses them. */
  readonly inMemory: number
  /** Writes that each member has under way, for each collection. */
  readonly lanes: number
  readonly onHarm?: (line: string) => void
}

export interface KindResult extends Counts {
  readonly kind: Kind
  /** At the end. */
  readonly items: number
  readonly index: number
  /** From the kill of the leader alone, while all other voters run and are online, to the first acknowledgement of a later write: ms, sorted. */
  readonly failovers: readonly number[]
  /** The same where more voters were missing. */
  readonly outages: readonly number[]
}

export interface KillsResult {
  readonly harm: Harm
  readonly kinds: readonly KindResult[]
  /** From the first write to the end of the last. */
  readonly seconds: number
  /** Bytes of each process at the end, and how often this life of it has taken in a state as a whole. */
  readonly processes: readonly { readonly name: string; readonly rss: number; readonly syncs: number }[]
  /** Histories, one for each collection unless a majority was lost for good. */
  readonly lineages: number
}

/** Six collections of five members under load, whose processes are killed; throws when it is not as it must be. */
export async function playKills(options: KillsOptions): Promise<KillsResult> {
  const prng = seededPrng(`kills ${options.seed}`)
  const below = (end: number): number => prng.uint32() % end
  const chronicle = new Chronicle()
  await using crew = await Crew.create({
    members: MEMBERS,
    inMemory: options.inMemory,
    lanes: options.lanes,
    timeout: CALL,
    // One in ten is a reader.
    reads: Array.from({ length: MEMBERS }, () => KINDS.filter(() => below(2 * MEMBERS) === 0)),
    hear: (home, process, told) => chronicle.hear(home, process, told),
    ended: (process, how) => {
      chronicle.gone(process.name)
      if (how !== undefined) chronicle.fail(`${process.name} has ended by itself: ${how}`)
    },
  })
  return await new Run(options, crew, chronicle, below).play()
}

class Run {
  readonly #options: KillsOptions
  readonly #crew: Crew
  readonly #chronicle: Chronicle
  readonly #harmer: Harmer
  readonly #below: (end: number) => number

  constructor(options: KillsOptions, crew: Crew, chronicle: Chronicle, below: (end: number) => number) {
    this.#options = options
    this.#crew = crew
    this.#chronicle = chronicle
    this.#below = below
    this.#harmer = new Harmer({ crew, chronicle, below, downtime: options.downtime })
  }

  async play(): Promise<KillsResult> {
    await this.#begin()
    const since = performance.now()
    await this.#harm(since + this.#options.seconds * 1_000)
    await this.#calm()
    const seconds = (performance.now() - since) / 1_000
    const states = await this.#level()
    this.#judge(states)
    return this.#result(states, seconds)
  }

  /** They write once the witness, which all find each other by, is there to see it. */
  async #begin(): Promise<void> {
    const { all, members, witness } = this.#crew
    this.#crew.launch(witness)
    await this.#until(() => witness.address !== undefined, () => 'the witness to start') // prettier-ignore
    for (const home of members) this.#crew.launch(home)
    await this.#until(
      () => all.every(({ isOnline }) => isOnline),
      () => `all to be online, and not ${this.#namesOf(({ isOnline }) => !isOnline)}`,
    )
    for (const { process } of members) process?.say('write')
  }

  /** Where a start takes longer than the time between two kills, the next one waits: else nobody would be left to go on. */
  async #harm(end: number): Promise<void> {
    const { period, onHarm = () => {} } = this.#options
    const online = (): number => this.#crew.members.filter(({ isOnline }) => isOnline).length
    for (let next = performance.now() + period; next < end; next = performance.now() + period) {
      await this.#until(
        () => performance.now() >= next && online() >= MEMBERS - 1,
        () => `all but one to be online, and not ${this.#namesOf(({ isOnline }) => !isOnline)}`,
      )
      if (this.#below(5) === 0) onHarm(this.#harmer.stop())
      onHarm(await this.#harmer.kill())
    }
    await this.#until(() => performance.now() >= end, () => 'time to pass') // prettier-ignore
  }

  /** Everyone is back and has written something; then nobody writes any more. */
  async #calm(): Promise<void> {
    await this.#until(() => this.#harmer.isRepaired, () => 'the last restarts') // prettier-ignore
    await this.#until(
      () => this.#crew.members.every(({ isOnline }) => isOnline) && this.#chronicle.outages.oldest === undefined,
      () => `everyone to be online and go on, and not ${this.#namesOf(({ isOnline }) => !isOnline)}`,
    )
    for (const { process } of this.#crew.members) process?.say('stop')
    await this.#until(
      () => this.#crew.members.every(({ hasStopped }) => hasStopped),
      () => `the last writes of ${this.#namesOf(({ hasStopped, isWitness }) => !hasStopped && !isWitness)}`,
    )
  }

  /** What everyone has, as soon as all are at the same version. */
  async #level(): Promise<readonly StatesTold[]> {
    const { states } = this.#chronicle
    let all: readonly StatesTold[] = []
    const versions = (kind: Kind): string[] => all.map((told) => `${told.states[kind].lineage.slice(0, 8)} ${told.states[kind].index}`)
    const behind = (): Kind[] => KINDS.filter((kind) => new Set(versions(kind)).size > 1)
    const end = performance.now() + this.#options.patience
    for (;;) {
      states.clear()
      for (const { process } of this.#crew.all) process?.say('states')
      await this.#until(() => states.size === this.#crew.all.length, () => 'what everyone has') // prettier-ignore
      all = this.#crew.all.map((home) => states.get(home) as StatesTold)
      if (behind().length === 0) return all
      const shown = behind().map((kind) => `${kind}: ${versions(kind).join(', ')}`)
      if (performance.now() > end) throw this.#wrong(`the witness and the members are not at one version:\n${shown.join('\n')}`)
      await pass(ASK_AGAIN_MS)
    }
  }

  #judge([witness, ...members]: readonly StatesTold[]): void {
    const problems = KINDS.flatMap((kind) => {
      const there = witness?.states[kind]
      const ledger = this.#chronicle.ledgers.get(kind) as Ledger
      ledger.close(there?.contents ?? [])
      const others = members.filter(({ states }) => states[kind].hash !== there?.hash).length
      return [...(others > 0 ? [`${others} members have another state`] : []), ...ledger.problems].map((problem) => `${kind}: ${problem}`)
    })
    if (problems.length > 0) throw this.#wrong(problems.join('\n'))
  }

  async #until(holds: () => boolean, what: () => string): Promise<void> {
    const { patience } = this.#options
    const since = performance.now()
    while (!holds()) {
      const { oldest } = this.#chronicle.outages
      const now = performance.now()
      if (this.#chronicle.failure !== undefined) throw this.#wrong(this.#chronicle.failure)
      if (oldest !== undefined && now - oldest.at > patience)
        throw this.#wrong(`no write to the ${oldest.kind} for ${patience} ms after a kill`)
      if (now - since > patience) throw this.#wrong(`waited ${patience} ms for ${what()}`)
      await pass(POLL_MS)
    }
  }

  #namesOf(which: (home: Crew['witness']) => boolean): string {
    return this.#crew.all.filter(which).map(({ label }) => label).join(', ') // prettier-ignore
  }

  #wrong(what: string): Error {
    const { seed } = this.#options
    const { kills } = this.#harmer.done
    const stories = this.#crew.all.map(({ label, process }) => process?.story() ?? `  ${label}, not started`)
    return new Error(`seed ${seed}, after ${kills} kills: ${what}\n${stories.join('\n')}`)
  }

  #result(told: readonly StatesTold[], seconds: number): KillsResult {
    const { ledgers, outages, lineages } = this.#chronicle
    const [witness] = told as [StatesTold]
    return {
      harm: this.#harmer.done,
      kinds: KINDS.map((kind) => ({
        kind,
        ...(ledgers.get(kind) as Ledger).counts,
        items: witness.states[kind].items,
        index: witness.states[kind].index,
        failovers: outages.times(kind, 'leader'),
        outages: outages.times(kind, 'leader and more'),
      })),
      seconds,
      processes: told.map(({ rss, syncs }, i) => ({ name: this.#crew.all[i]?.process?.name ?? '', rss, syncs })),
      lineages,
    }
  }
}
