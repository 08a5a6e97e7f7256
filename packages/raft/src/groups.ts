import { check, componentLogger, MosaikError, shortId } from '@mosaik/core'
import type { Endpoint, Gauge, GroupId } from '@mosaik/core'
import type { Discovery } from '@mosaik/discovery'
import { createBonds } from './bond/bonds.ts'
import type { Bonds } from './bond/types.ts'
import { groupSettings } from './config.ts'
import { electionMachine, isKeyed, MachineHost } from './driver/machine-host.ts'
import type { AnyMachine } from './driver/machine-host.ts'
import { GroupMember } from './driver/member.ts'
import { GroupMeters } from './driver/meters.ts'
import { Ticker } from './driver/ticker.ts'
import { Turns } from './driver/turns.ts'
import { groupIdOf } from './group-id.ts'
import { GroupHandle } from './group.ts'
import { checkSecondHandle, sameMachine } from './second-handle.ts'
import { memoryLog } from './storage/memory-log.ts'
import type { Group, Groups, GroupsOptions, JoinOptions, KeyedStateMachine, StateMachine } from './types.ts'

/**
 * The groups of a node, on top of its discovery. Throws `ERR_INVALID_OPTION`, or `ERR_ALREADY_EXISTS` when the node has groups
 * already. Close it before the discovery.
 */
export function createGroups(discovery: Discovery, options: GroupsOptions = {}): Groups {
  const { handshakeTimeout } = check.options('options', options)
  return new NodeGroups(discovery, createBonds(discovery, { handshakeTimeout: handshakeTimeout ?? '2s' }))
}

interface Joined {
  readonly member: GroupMember
  readonly machine: AnyMachine
  handles: number
  /** The last handle has been closed; whoever joins now gets another member, which begins when this one has ended. */
  closing: Promise<void> | undefined
}

class NodeGroups implements Groups {
  readonly #discovery: Discovery
  readonly #bonds: Bonds
  readonly #turns: Turns
  readonly #ticker: Ticker
  readonly #joined = new Map<GroupId, Joined>()
  readonly #active: Gauge
  #closing: Promise<void> | undefined

  constructor(discovery: Discovery, bonds: Bonds) {
    this.#discovery = discovery
    this.#bonds = bonds
    const { metrics, networkId } = discovery.endpoint
    this.#active = metrics.gauge('mosaik.groups.active', { network: shortId(networkId) })
    this.#turns = new Turns(discovery.endpoint.clock)
    const { clock, logger } = discovery.endpoint
    this.#ticker = new Ticker({
      clock,
      heard: () => bonds.heard(),
      onFault: (error) => componentLogger(logger, 'mosaik:groups').error('a tick failed: %o', error),
    })
  }

  get endpoint(): Endpoint {
    return this.#discovery.endpoint
  }

  join<Command, Query, Result, Reply>(
    options: JoinOptions & { machine: KeyedStateMachine<Command, Query, Result, Reply> },
  ): Group<Command, Query, Result, Reply>
  join<Command, Query, Result, Reply, Snapshot>(
    options: JoinOptions & { machine: StateMachine<Command, Query, Result, Reply, Snapshot> },
  ): Group<Command, Query, Result, Reply>
  join(options: JoinOptions): Group<never, never, never, never>
  join(options: JoinOptions & { machine?: unknown }): Group<never, never, never, never> {
    if (this.#closing !== undefined) throw new MosaikError('ERR_CLOSED', 'join: the groups of this node are closed')
    check.options('options', options)
    const machine = checkMachine(options.machine as AnyMachine | undefined)
    const { requireTicket } = options
    const groupId = groupIdOf({
      key: options.key,
      consensus: options.consensus,
      machine,
      sync: options.sync,
      validators: [requireTicket ?? []].flat(),
    })
    const known = this.#joined.get(groupId)
    const joined =
      known === undefined || known.closing !== undefined
        ? this.#begin(groupId, options, machine ?? electionMachine(), known?.closing)
        : shareMember(known, options, machine)
    joined.handles++
    return new GroupHandle(joined.member, () => this.#release(joined)) as Group<unknown, unknown, unknown, unknown> as never
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #begin(groupId: GroupId, options: JoinOptions, machine: AnyMachine, after: Promise<void> | undefined): Joined {
    const { endpoint } = this.#discovery
    const store = options.storage ?? memoryLog()
    const logger = componentLogger(endpoint.logger, 'mosaik:groups')
    const member: GroupMember = new GroupMember({
      me: endpoint.id,
      networkId: endpoint.networkId,
      groupId,
      key: options.key,
      settings: groupSettings(options, store.durable),
      clock: endpoint.clock,
      prng: endpoint.prng,
      logger,
      bonds: this.#bonds,
      turns: this.#turns,
      ticker: this.#ticker,
      store,
      host: new MachineHost(machine),
      meters: new GroupMeters(endpoint.metrics, endpoint.clock, endpoint.networkId, groupId),
      after,
      onEnd: () => {
        this.#active.add(-1)
        if (this.#joined.get(groupId)?.member === member) this.#joined.delete(groupId)
      },
    })
    const joined: Joined = { member, machine, handles: 0, closing: undefined }
    this.#joined.set(groupId, joined)
    this.#active.add(1)
    return joined
  }

  async #release(joined: Joined): Promise<void> {
    if (--joined.handles > 0) return
    joined.closing = joined.member.close()
    await joined.closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#joined.values()].map(({ member }) => member.close()))
    await this.#bonds.close()
  }
}

/** A further handle. Throws `ERR_MACHINE_MISMATCH` and `ERR_INVALID_OPTION`, and then nothing has changed. */
function shareMember(joined: Joined, options: JoinOptions, machine: AnyMachine | undefined): Joined {
  const { member } = joined
  if (machine !== undefined && !sameMachine(joined.machine, machine)) {
    throw new MosaikError(
      'ERR_MACHINE_MISMATCH',
      `group ${member.init.groupId} runs another kind of machine on this node: '${machine.name}' needs one constructor and the same codecs`,
    )
  }
  member.prefer(checkSecondHandle(options, member.init))
  return joined
}

function checkMachine(machine: AnyMachine | undefined): AnyMachine | undefined {
  if (isKeyed(machine)) return check.having('machine', machine, ['apply', 'query'])
  return check.having('machine', machine, ['apply', 'query', 'snapshot', 'install'])
}
