import { setTimeout as pass } from 'node:timers/promises'
import { seededPrng } from '@mosaik/core'
import { assertHeld } from './held.ts'
import { ProcessGroup } from './processes.ts'
import type { Fate, MemberProcess } from './processes.ts'

const MEMBERS = 3
/** Commands that each member has under way. */
const WRITERS = 6
/** Acknowledgements of commands given after a kill that count as progress. */
const FRESH = 5
/** A call ends after this. */
const CALL = '10s'
/** Progress that takes longer than this is told with what the members said, ms. */
const SLOW = 5_000

export interface KillsOptions {
  /** Chooses victims and waits. The processes run as they like. */
  readonly seed: string
  /** Times that one, two or three members are killed at once. */
  readonly kills: number
  /** `any`: one, two or all three, and some are stopped for a while; `leader`: always the leader alone. */
  readonly victims: 'any' | 'leader'
  /** Longest wait of a dead member before it is started again, ms. */
  readonly downtime: number
  /** Longest wait between progress and the next kill, ms. */
  readonly between: number
  /** Longest wait for progress, ms. */
  readonly patience: number
  /** Entries kept behind a snapshot. */
  readonly retention: number
  readonly onKill?: (line: string) => void
}

export interface KillsResult {
  readonly kills: number
  /** Processes killed: each kill is of one to three. */
  readonly processes: number
  readonly allAtOnce: number
  readonly stops: number
  readonly acknowledged: number
  readonly unknown: number
  /** Refused before anything was sent. */
  readonly refused: number
  /** From the kill of the leader alone, with the others running, to the first acknowledgement of a later command: ms, sorted. */
  readonly failovers: readonly number[]
  /** The same, of the kills that left no majority running: with the wait before the restart. */
  readonly outages: readonly number[]
  readonly seconds: number
}

/** A durable group of three processes under load, whose members are killed; throws when it is not as it must be. */
export async function playKills(options: KillsOptions): Promise<KillsResult> {
  // Nobody founds a history alone, which would then be superseded.
  // All must find each other before two of them found: two histories would be none that a kill has made. On a busy machine 300 ms are few.
  const consensus = { preset: 'fast', minMembers: 2, bootstrapDelay: '3s' } as const
  await using group = new ProcessGroup({ retention: options.retention, timeout: CALL, consensus })
  return await new Run(group, options).play() // the group is there until then
}

class Run {
  readonly #options: KillsOptions
  readonly #group: ProcessGroup
  readonly #below: (end: number) => number
  readonly #fates = new Map<string, Fate>()
  readonly #failure = Promise.withResolvers<never>()
  readonly #restarts = new Set<Promise<void>>()
  readonly #stopped = new Set<MemberProcess>()
  readonly #since = performance.now()
  readonly #failovers: number[] = []
  readonly #outages: number[] = []
  /** Told of each acknowledgement: when its command had been given. */
  #onAck: (givenAt: number) => void = () => {}
  #isOver = false
  #kills = 0
  #processes = 0
  #allAtOnce = 0
  #stops = 0

  constructor(group: ProcessGroup, options: KillsOptions) {
    const prng = seededPrng(`kills ${options.seed}`)
    this.#group = group
    this.#options = options
    this.#below = (end) => Math.floor(prng.float() * end)
    this.#failure.promise.catch(() => {}) // whoever waits meanwhile is told
  }

  async play(): Promise<KillsResult> {
    const members = await this.#group.start(MEMBERS)
    for (const member of members) this.#watch(member)
    const writers = Array.from({ length: MEMBERS * WRITERS }, (_, w) => this.#write(w % MEMBERS, w))
    const { kills, victims, between } = this.#options
    while (this.#kills < kills) {
      await this.#within(pass(this.#below(between)), 'time to pass')
      if (victims === 'any' && this.#below(8) === 0) await this.#stopOne()
      else await this.#kill(victims === 'leader' ? [await this.#leader()] : this.#some())
    }
    await this.#within(Promise.all(this.#restarts), 'the last restarts')
    this.#isOver = true
    await this.#within(Promise.all(writers), 'the last calls to end')
    await this.#settle()
    return this.#result()
  }

  /** Everyone has everything: compares. */
  async #settle(): Promise<void> {
    const [first] = this.#group.members as [MemberProcess]
    const end = await this.#within(first.execute('the end'), 'the last command')
    this.#fates.set('the end', end)
    if (end !== 'done') throw this.#wrong(`the last command ended with ${end}`)
    const states = await this.#within(Promise.all(this.#group.members.map((member) => member.state())), 'the states')
    try {
      assertHeld(
        states.map(({ lines }) => lines ?? []),
        this.#fates,
      )
    } catch (error) {
      throw this.#wrong((error as Error).message)
    }
  }

  async #write(home: number, writer: number): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const member = this.#group.members[home] as MemberProcess
      if (member.isOver) {
        await pass(50)
        continue
      }
      const line = `${writer}.${n}`
      const givenAt = performance.now()
      const fate = await member.execute(line)
      this.#fates.set(line, fate)
      if (fate === 'done') this.#onAck(givenAt)
      await pass(20)
    }
  }

  /** One, two or all three of those that run; now and then those that have only just been started. */
  #some(): MemberProcess[] {
    const running = this.#group.members.filter((member) => !member.isOver)
    const count = 1 + this.#below(MEMBERS)
    const victims: MemberProcess[] = []
    while (victims.length < count && running.length > 0) victims.push(...running.splice(this.#below(running.length), 1))
    return victims
  }

  /** Of those that run, as they know it, the one in the highest term. */
  async #leader(): Promise<MemberProcess> {
    const find = async (): Promise<MemberProcess> => {
      for (; ; await pass(20)) {
        const running = this.#group.members.filter((member) => !member.isOver)
        const newest = running
          .flatMap(({ leader }) => leader ?? [])
          .toSorted((a, b) => b.term - a.term)
          .at(0)
        const leader = running.find(({ id }) => id !== undefined && id === newest?.id)
        // With fewer voters its death is not a matter of an election, but of its restart.
        const isWhole = running.every(({ voters, leader: followed }) => voters === MEMBERS && followed?.id === leader?.id)
        if (leader !== undefined && running.length === MEMBERS && isWhole) return leader
      }
    }
    return this.#within(find(), 'a leader that everybody follows')
  }

  async #kill(victims: readonly MemberProcess[]): Promise<void> {
    if (victims.length === 0) return
    const { members } = this.#group
    const standing = members.filter((member) => !member.isOver && !this.#stopped.has(member))
    const ledBy = standing.flatMap(({ leader }) => leader ?? []).toSorted((a, b) => b.term - a.term)[0]?.id
    const hasLeader = victims.some(({ id }) => id !== undefined && id === ledBy)
    const left = standing.filter((member) => !victims.includes(member)).length
    const at = performance.now()
    const progress = this.#progress(at)
    await Promise.all(victims.map((member) => member.kill()))
    this.#kills++
    this.#processes += victims.length
    if (victims.length === MEMBERS) this.#allAtOnce++
    for (const member of victims) {
      this.#stopped.delete(member)
      this.#background(this.#restart(members.indexOf(member), this.#below(this.#options.downtime)))
    }
    const firstAt = await this.#within(progress, 'progress')
    if (left < 2) this.#outages.push(firstAt - at)
    else if (hasLeader && victims.length === 1) this.#failovers.push(firstAt - at)
    const what = `${victims.length} of ${standing.length}${hasLeader ? ', the leader among them' : ''}`
    const took = Math.round(firstAt - at)
    this.#options.onKill?.(`kill ${this.#kills}: ${what}; progress after ${took} ms, ${this.#fates.size} commands`)
    if (took > SLOW) this.#options.onKill?.(`since ${Math.round(at)}:\n${this.#stories()}`)
  }

  /** Longer than elections and dead bonds take. */
  async #stopOne(): Promise<void> {
    const running = this.#group.members.filter((member) => !member.isOver && !this.#stopped.has(member))
    const member = running[this.#below(running.length)]
    if (member === undefined) return
    this.#stops++
    this.#stopped.add(member)
    const progress = this.#progress(performance.now())
    member.child.kill('SIGSTOP')
    const resume = async (): Promise<void> => {
      await pass(600 + this.#below(2_000))
      member.child.kill('SIGCONT')
      this.#stopped.delete(member)
    }
    this.#background(resume())
    await this.#within(progress, 'progress')
  }

  /** When the first of some commands that were given after `at` was acknowledged; resolves once there are enough. */
  #progress(at: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>()
    let firstAt = 0
    let fresh = 0
    this.#onAck = (givenAt) => {
      if (givenAt <= at) return
      if (++fresh === 1) firstAt = performance.now()
      if (fresh === FRESH) resolve(firstAt)
    }
    return promise
  }

  async #restart(i: number, after: number): Promise<void> {
    await pass(after)
    const member = this.#group.spawn(i)
    this.#watch(member)
    // Killed before it could say so, it is started again by whoever has killed it.
    await Promise.race([member.started().catch(() => undefined), member.over])
  }

  /** A member that ends by itself, or whose group does, ends the run. */
  #watch(member: MemberProcess): void {
    void member.over.then((how) => {
      if (how !== undefined) this.#failure.reject(this.#wrong(`a member has ended by itself: ${how}`))
    })
    member
      .that(({ ended, surprise }) => ended !== undefined || surprise !== undefined)
      .then(
        (told) => this.#failure.reject(this.#wrong(`a member says ${JSON.stringify(told)}`)),
        () => {}, // killed, which is what this is about
      )
  }

  #background(work: Promise<void>): void {
    this.#restarts.add(work)
    void work.finally(() => this.#restarts.delete(work))
  }

  async #within<T>(work: Promise<T>, what: string): Promise<T> {
    const patience = new AbortController()
    const timeout = pass(this.#options.patience, undefined, { signal: patience.signal }).then(() => {
      throw this.#wrong(`waited ${this.#options.patience} ms for ${what}`)
    })
    timeout.catch(() => {}) // it was in time
    try {
      return await Promise.race([work, timeout, this.#failure.promise])
    } finally {
      patience.abort()
    }
  }

  #wrong(what: string): Error {
    const { seed, victims } = this.#options
    return new Error(`seed ${seed} (${victims}), after ${this.#kills} kills: ${what}\n${this.#stories()}`)
  }

  #stories(): string {
    return this.#group.members.map((member, i) => `  member ${i}, ${member.isOver ? 'dead' : 'running'}:\n${member.story()}`).join('\n')
  }

  #result(): KillsResult {
    const fates = [...this.#fates.values()]
    const acknowledged = fates.filter((fate) => fate === 'done').length
    const refused = fates.filter((fate) => fate === 'ERR_OFFLINE').length
    return {
      kills: this.#kills,
      processes: this.#processes,
      allAtOnce: this.#allAtOnce,
      stops: this.#stops,
      acknowledged,
      unknown: fates.length - acknowledged - refused,
      refused,
      failovers: this.#failovers.toSorted((a, b) => a - b),
      outages: this.#outages.toSorted((a, b) => a - b),
      seconds: (performance.now() - this.#since) / 1_000,
    }
  }
}
