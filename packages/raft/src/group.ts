import { check, MosaikError } from '@mosaik/core'
import type { GroupId, PeerId, WaitOptions, Watch } from '@mosaik/core'
import type { GroupMember } from './driver/member.ts'
import type { MachineHost } from './driver/machine-host.ts'
import type { Cursor, Index, LineageId, Term } from './logic/types.ts'
import type { Bond, CallOptions, Group, GroupConditions, GroupEvent, GroupStatus, Member } from './types.ts'

const CALL_TIMEOUT_MS = 15_000

interface Call {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

/** One handle on this node's place in a group. */
export class GroupHandle implements Group<unknown, unknown, unknown, unknown> {
  readonly when: GroupConditions
  readonly #member: GroupMember
  readonly #host: MachineHost
  readonly #release: () => Promise<void>
  readonly #gone = new AbortController()
  #closing: Promise<void> | undefined

  /** `release` lets go of the member; the last one ends it. */
  constructor(member: GroupMember, release: () => Promise<void>) {
    this.#member = member
    this.#host = member.init.host
    this.#release = release
    this.when = conditionsOf(member, this.#gone.signal)
  }

  get id(): GroupId {
    return this.#member.init.groupId
  }
  get lineage(): LineageId | undefined {
    return this.#member.outlook.lineage
  }
  get leader(): PeerId | undefined {
    return this.#member.ended === undefined ? this.#member.outlook.leader.value : undefined
  }
  get isLeader(): boolean {
    return this.#member.ended === undefined && this.#member.outlook.role.value === 'leader'
  }
  get isOnline(): boolean {
    return this.leader !== undefined
  }
  get term(): Term {
    return this.#member.term
  }
  get committed(): Watch<Index> {
    return this.#member.outlook.committed
  }
  get position(): Watch<Cursor> {
    return this.#member.outlook.position
  }
  get members(): Watch<readonly Member[]> {
    return this.#member.outlook.members
  }
  get bonds(): Watch<readonly Bond[]> {
    return this.#member.outlook.bonds
  }

  async execute(command: unknown, options?: CallOptions): Promise<{ index: Index; reply: unknown }> {
    const { index, replies } = await this.#call('execute', [command], options)
    return { index, reply: this.#host.openReply(replies[0]) }
  }

  async executeMany(commands: readonly unknown[], options?: CallOptions): Promise<{ index: Index; replies: readonly unknown[] }> {
    const { index, replies } = await this.#call('execute', commands, options)
    return { index, replies: replies.map((reply) => this.#host.openReply(reply)) }
  }

  async feed(command: unknown, options?: CallOptions): Promise<Index> {
    return (await this.#call('feed', [command], options)).index
  }

  async feedMany(commands: readonly unknown[], options?: CallOptions): Promise<Index> {
    return (await this.#call('feed', commands, options)).index
  }

  async query(query: unknown, options: CallOptions & { consistency?: 'strong' | 'weak' } = {}): Promise<{ result: unknown; index: Index }> {
    const call = this.#check(options)
    const consistency = check.oneOf('consistency', options.consistency, ['strong', 'weak'] as const, { default: 'strong' })
    call.signal?.throwIfAborted()
    if (consistency === 'weak') return { result: this.#host.query(query), index: this.#member.outlook.position.value.index }
    return this.#member.reads.read(() => ({ result: this.#host.query(query), index: this.#member.outlook.position.value.index }), call)
  }

  events({ signal }: WaitOptions = {}): AsyncIterable<GroupEvent> {
    return this.#member.outlook.events.subscribe(signal === undefined ? {} : { signal })
  }

  status(): GroupStatus {
    return this.#member.status()
  }

  async transferLeadership(peer?: PeerId): Promise<void> {
    this.#assertOpen()
    if (peer !== undefined) check.peerId('peer', peer)
    await this.#member.transfer(peer)
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#release()
      this.#gone.abort(closed())
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #call(
    kind: 'execute' | 'feed',
    commands: readonly unknown[],
    options: CallOptions | undefined,
  ): Promise<{ index: Index; replies: readonly unknown[] }> {
    const call = this.#check(options ?? {})
    if (commands.length === 0) throw new MosaikError('ERR_INVALID_OPTION', 'commands is an empty list; give at least one')
    return this.#member.calls.call(kind, commands, this.#encode(commands), call)
  }

  #encode(commands: readonly unknown[]): readonly Uint8Array[] {
    try {
      return this.#host.encodeCommands(commands)
    } catch (error) {
      this.#member.init.meters.failed('command', error)
      throw error
    }
  }

  #check({ timeout, signal }: CallOptions): Call {
    this.#assertOpen()
    return { timeout: check.duration<number>('timeout', timeout, { default: CALL_TIMEOUT_MS }), signal }
  }

  #assertOpen(): void {
    if (this.#member.ended !== undefined) throw this.#member.ended
    if (this.#closing !== undefined) throw closed()
  }
}

function closed(): MosaikError {
  return new MosaikError('ERR_CLOSED', 'this handle of the group was closed')
}

/** Waits end with `gone`, too: the handle is closed, though the member may live on for another one. */
function conditionsOf(member: GroupMember, gone: AbortSignal): GroupConditions {
  const { leader, role, committed } = member.outlook
  const isKnown = (peer: PeerId | undefined): boolean => peer !== undefined
  const within = (wait: WaitOptions | undefined): WaitOptions => {
    if (member.ended !== undefined) throw member.ended // what held at the end holds no more
    return { signal: wait?.signal === undefined ? gone : AbortSignal.any([wait.signal, gone]) }
  }
  return {
    online: async (wait) => void (await leader.until(isKnown, within(wait))),
    offline: async (wait) => void (await leader.until((peer) => !isKnown(peer), within(wait))),
    leaderElected: async (wait) => (await leader.until(isKnown, within(wait))) as PeerId,
    leaderChanged: async (wait) => {
      const before = leader.value
      return (await leader.until((peer) => isKnown(peer) && peer !== before, within(wait))) as PeerId
    },
    leaderIs: async (peer, wait) => void (await leader.until((now) => now === peer, within(wait))),
    isLeader: async (wait) => void (await role.until((now) => now === 'leader', within(wait))),
    isFollower: async (wait) => void (await role.until((now) => now === 'follower', within(wait))),
    committed: async (index, wait) => void (await committed.until((now) => now >= index, within(wait))),
  }
}
