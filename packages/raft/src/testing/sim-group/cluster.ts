import { check, MosaikError } from '@mosaik/core'
import type { Duration } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld, Trace } from '@mosaik/core/testing'
import { differenceOf, stateOf } from '../machine-state.ts'
import { commonLeader, lacking } from './lacking.ts'
import { live, Place } from './member.ts'
import type { SettledOptions, SimGroup, SimGroupOptions, SimMachine, SimMember, SimMemberOptions, SimMembers } from './types.ts'

const POLL_MS = 20
const WITHIN = '60s'
/** Those whom a newcomer is told; discovery takes no more. */
const MAX_BOOTSTRAP = 64

export class Cluster<M extends SimMachine> implements SimGroup<M> {
  readonly world: SimWorld
  readonly members: Place<M>[] = []
  readonly #defaults: SimMemberOptions<M>

  constructor({ members: _, observers: __, ...options }: SimGroupOptions<M>) {
    const { seed, latency = { min: 1, max: 5 }, jitter, bandwidth, loss, idleTimeout, lan, startAt, traceLines, ...defaults } = options
    const given = { jitter, bandwidth, loss, idleTimeout, lan, startAt, traceLines }
    this.world = simWorld({ seed, latency, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) })
    this.#defaults = defaults
  }

  get running(): Place<M>[] {
    return this.members.filter(({ state }) => state === 'running')
  }
  get now(): number {
    return this.world.now
  }
  get trace(): Trace {
    return this.world.trace
  }

  run<T>(work: Promise<T> | (() => Promise<T>), options: { readonly within?: Duration } = {}): Promise<T> {
    return this.world.run(work, options)
  }

  pass(duration: Duration): Promise<void> {
    return this.world.run(duration)
  }

  until(holds: () => boolean, what: string, within: Duration = WITHIN): Promise<void> {
    return this.#poll(
      () => (holds() ? true : undefined),
      () => what,
      within,
    ).then(() => {})
  }

  leader(members?: readonly SimMember<M>[]): Promise<Place<M>> {
    return this.#agreed(members, {}, commonLeader)
  }

  settled(members?: readonly SimMember<M>[], options: SettledOptions = {}): Promise<Place<M>> {
    return this.#agreed(members, options, (places) => (lacking(places, options.voters).length === 0 ? commonLeader(places) : undefined))
  }

  async converged(members?: readonly SimMember<M>[], options: SettledOptions = {}): Promise<Place<M>> {
    const leader = await this.settled(members, options)
    const state = stateOf(leader.machine)
    for (const { name, machine } of members ?? this.running) {
      const difference = differenceOf(stateOf(machine), state)
      if (difference === undefined) continue
      const { index } = leader.group.position.value
      throw new Error(`the state of ${name} is not that of its leader ${leader.name} at index ${index}: ${difference}`)
    }
    return leader
  }

  async add(options: SimMemberOptions<M> = {}): Promise<Place<M>> {
    const name = options.endpoint?.label ?? `n${this.members.length + 1}`
    const endpoint = await this.world.endpoint('groups', { ...this.#defaults.endpoint, ...options.endpoint, label: name })
    const disk = this.world.disk(name)
    const all = { ...this.#defaults, ...options }
    const place = new Place(name, disk, all, await live({ name, endpoint, disk }, all, this.#addresses()))
    this.members.push(place)
    return place
  }

  async leave(member: SimMember<M>): Promise<void> {
    const place = this.#own(member)
    if (place.state !== 'running') throw new MosaikError('ERR_INVALID_OPTION', `leave: ${place.name} is ${place.state}`)
    await this.run(place.leave())
  }

  crash(member: SimMember<M>): void {
    const place = this.#own(member)
    this.world.crash(place.endpoint)
    place.disk.killAll()
    place.state = 'gone'
  }

  cutPower(member: SimMember<M>): void {
    this.crash(member)
    member.disk.cutPower()
  }

  async restart(
    member: SimMember<M>,
    { wiped = false, ...options }: SimMemberOptions<M> & { readonly wiped?: boolean } = {},
  ): Promise<Place<M>> {
    const place = this.#own(member)
    this.crash(place)
    const { name, disk } = place
    if (wiped) for (const path of disk.paths()) disk.put(path, undefined)
    place.options = { ...place.options, ...options }
    const endpoint = await this.world.restart(place.endpoint)
    place.beginAgain(await live({ name, endpoint, disk }, place.options, this.#addresses()))
    return place
  }

  pause(member: SimMember<M>): void {
    const place = this.#own(member)
    if (place.state !== 'running') return
    this.world.pause(place.endpoint)
    place.state = 'paused'
  }

  resume(member: SimMember<M>): void {
    const place = this.#own(member)
    if (place.state !== 'paused') return
    this.world.resume(place.endpoint)
    place.state = 'running'
  }

  partition(members: SimMembers<M>, others?: SimMembers<M>, options: { readonly oneWay?: boolean } = {}): () => void {
    return this.world.partition(this.#endpoints(members), others === undefined ? undefined : this.#endpoints(others), options)
  }

  heal(): void {
    this.world.heal()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world.close()
  }

  /** Polls these until they agree on a leader in this sense. */
  #agreed(
    members: readonly SimMember<M>[] | undefined,
    { voters, within = WITHIN }: SettledOptions,
    find: (places: readonly Place<M>[]) => Place<M> | undefined,
  ): Promise<Place<M>> {
    const places = (): readonly Place<M>[] => members?.map((member) => this.#own(member)) ?? this.running
    const look = (): Place<M> | undefined => {
      for (const { name, failure } of places()) {
        if (failure !== undefined) {
          throw new MosaikError('ERR_GROUP_FAILED', `the group of ${name} has ended: ${failure.message}`, { cause: failure })
        }
      }
      return find(places())
    }
    return this.#poll(look, () => `${places().length} members settled, but ${lacking(places(), voters).join('; ')}`, within)
  }

  async #poll<T>(look: () => T | undefined, what: () => string, within: Duration): Promise<T> {
    const deadline = this.now + check.duration('within', within)
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.now >= deadline) throw new MosaikError('ERR_TIMEOUT', `waited ${within} for this: ${what()}`)
      await this.pass(POLL_MS)
    }
  }

  /** Where those who run can be found. */
  #addresses(): string[] {
    return this.running.flatMap(({ endpoint }) => endpoint.addresses.slice(0, 1)).slice(0, MAX_BOOTSTRAP)
  }

  #endpoints(members: SimMembers<M>): Place<M>['endpoint'][] {
    return [members].flat().map(({ endpoint }) => endpoint)
  }

  #own(member: SimMember<M>): Place<M> {
    const place = this.members.find((one) => one === member)
    if (place === undefined) throw new MosaikError('ERR_INVALID_OPTION', `member: ${member.name} is not of this group`)
    return place
  }
}
