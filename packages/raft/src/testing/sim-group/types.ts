import type { Duration, Endpoint, PeerId } from '@mosaik/core'
import type { SimDisk, SimEndpointOptions, SimWorld, SimWorldOptions, Trace } from '@mosaik/core/testing'
import type { Discovery, DiscoveryOptions } from '@mosaik/discovery'
import type { AnyMachine } from '../../driver/machine-host.ts'
import type { LogStore } from '../../storage/types.ts'
import type { Group, GroupEvent, Groups, JoinOptions, Machine } from '../../types.ts'

/** Any state machine of a user's. */
export type SimMachine = AnyMachine

/** The handle of a group that replicates machines of this type. */
export type SimHandle<M> =
  M extends Machine<infer Command, infer Query, infer Result, infer Reply> ? Group<Command, Query, Result, Reply> : never

/**
 * `memory`: lost with the process. `durable`: a `fileLog` on the member's simulated disk. A function makes the store of each life of a
 * member, for stores of your own.
 */
export type SimStorage = 'memory' | 'durable' | ((place: SimPlace) => LogStore)

/** What a member's store may stand on. */
export interface SimPlace {
  readonly name: string
  /** Its clock is what a disk is mounted with. */
  readonly endpoint: Endpoint
  /** The same for each life of the member. */
  readonly disk: SimDisk
}

/** What a member joins with. Those of the whole group apply where a member has none of its own. */
export interface SimMemberOptions<M extends SimMachine> extends Omit<Partial<JoinOptions>, 'storage'> {
  /** Makes the machine of one life of one member. */
  readonly machine?: () => M
  /** Default `memory`. */
  readonly storage?: SimStorage
  /** Default: it is bootstrapped with all members that run, and announces itself every 2 s. */
  readonly discovery?: DiscoveryOptions
  /** Its machine in the simulated world: clock skew, address, key … Only its first life looks at it. */
  readonly endpoint?: SimEndpointOptions
}

/** `consensus` is `'fast'` unless told otherwise, and latencies are 1 to 5 ms. */
export interface SimGroupOptions<M extends SimMachine> extends SimWorldOptions, SimMemberOptions<M> {
  readonly machine: () => M
  /** Who may vote and lead. Default 3; with 0 the group begins with whoever is added. */
  readonly members?: number
  /** Default 0. */
  readonly observers?: number
}

/** A member and its place: what is here is of its newest life. Its handles end with the life that they are of. */
export interface SimMember<M extends SimMachine> {
  /** As in the trace: `n1`, `n2` … */
  readonly name: string
  readonly id: PeerId
  /** `gone`: crashed, or has left. */
  readonly state: 'running' | 'paused' | 'gone'
  readonly group: SimHandle<M>
  readonly machine: M
  /** Everything that its group has told in this life, as far as that has been read. */
  readonly events: readonly GroupEvent[]
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly groups: Groups
  readonly disk: SimDisk
}

/** One member or several. */
export type SimMembers<M extends SimMachine> = SimMember<M> | readonly SimMember<M>[]

export interface SettledOptions {
  /** How many are to have a vote. Default: as many as may, which is an odd number from three on, up to `maxVoters`. */
  readonly voters?: number
  /** Virtual time. Default 60 s. */
  readonly within?: Duration
}

/**
 * A group in virtual time. Time passes only while one of these methods is waited for: what the group's handles promise is
 * waited for in `run`. Each of them may be called within `run`, too. The same seed and the same program give the same history.
 */
export interface SimGroup<M extends SimMachine> extends AsyncDisposable {
  /** Everyone who has ever been added, in this order. */
  readonly members: readonly SimMember<M>[]
  /** Those that run: not paused, crashed or gone. */
  readonly running: readonly SimMember<M>[]
  /** Virtual ms since the beginning. */
  readonly now: number
  /** `trace.hash` is the same for the same seed and program; `trace.lines()` are the newest messages. */
  readonly trace: Trace
  /** For whatever else can happen: slow and lossy paths, broken connections, clocks that are set. */
  readonly world: SimWorld

  /** Lets time pass until it settles; rejects `ERR_TIMEOUT` after `within` (default 10 m of virtual time). */
  run<T>(work: Promise<T> | (() => Promise<T>), options?: { readonly within?: Duration }): Promise<T>
  /** Lets that much time pass. */
  pass(duration: Duration): Promise<void>
  /** Lets time pass until it holds; rejects, naming `what`, after `within` (default 60 s). */
  until(holds: () => boolean, what: string, within?: Duration): Promise<void>
  /** The leader that all of them (default: all that run) follow, as soon as they do. */
  leader(members?: readonly SimMember<M>[]): Promise<SimMember<M>>
  /**
   * Until all of them (default: all that run) follow one of them in one history, have the standing that they are to have,
   * and have applied everything that is committed, something of the leader's term included. Answers the leader. Rejects `ERR_TIMEOUT` saying who lacks what, and at once when a group has failed.
   */
  settled(members?: readonly SimMember<M>[], options?: SettledOptions): Promise<SimMember<M>>
  /** Settled, and all states are the same to the byte; rejects saying whose is not. */
  converged(members?: readonly SimMember<M>[], options?: SettledOptions): Promise<SimMember<M>>

  /** Another member, or observer (`preference: 'observer'`), that has joined and may not yet have found the others. */
  add(options?: SimMemberOptions<M>): Promise<SimMember<M>>
  /** Leaves with a goodbye, and ends. It may be restarted. Rejects `ERR_INVALID_OPTION` for one that does not run. */
  leave(member: SimMember<M>): Promise<void>
  /** `SIGKILL`: nobody is told, and its calls never settle. What it wrote to its disk is there. */
  crash(member: SimMember<M>): void
  /** Crashes it, and of what it had not synced to its disk only some is left. */
  cutPower(member: SimMember<M>): void
  /** Another life at the same place, after a crash unless it is gone: same key, same disk, a new machine. `wiped`: its disk is empty. */
  restart(member: SimMember<M>, options?: SimMemberOptions<M> & { readonly wiped?: boolean }): Promise<SimMember<M>>
  /** `SIGSTOP`: what it is sent and what it has planned waits. */
  pause(member: SimMember<M>): void
  resume(member: SimMember<M>): void
  /** Cuts the ways between these and others (default: all others), or only the way from these. Answers what heals this cut. */
  partition(members: SimMembers<M>, others?: SimMembers<M>, options?: { readonly oneWay?: boolean }): () => void
  /** Heals all cuts. */
  heal(): void
}
