import type { Collection, Collections, Version } from '@mosaik/collections'
import { mapWatch } from '@mosaik/core'
import type { ApplyContext, LogStore } from '@mosaik/raft'
import { consensusOf } from '../../groups/world/consensus.ts'
import type { Life } from '../../groups/world/machine.ts'
import { MemberRun } from '../../groups/world/member.ts'
import type { Kind } from '../kinds/kind.ts'
import { KINDS_BY_NAME } from '../kinds/kinds.ts'
import type { CollectionPlan } from '../plan/types.ts'
import type { CollectionsSim } from './collections-sim.ts'
import { textOf } from './text.ts'
import type { NumberedWrite, Witness, WriteReply } from './watched.ts'

/** What a handle shows at one moment, and which version it says that is. */
export interface Reading {
  readonly run: CollectionRun
  readonly version: Version
  readonly shown: string
  /** The member that it was then. */
  readonly member: string
}

/** A process's handle on one collection. */
export class CollectionRun extends MemberRun implements Witness {
  declare readonly plan: CollectionPlan
  readonly kind: Kind
  handle!: Collection<unknown>
  /** What reads on and on, and ends with the handle. */
  readonly following: Promise<void>[] = []
  readonly #sim: CollectionsSim

  constructor(sim: CollectionsSim, life: Life, plan: CollectionPlan, inner: LogStore | undefined) {
    super(sim, life, plan, inner)
    this.#sim = sim
    this.kind = KINDS_BY_NAME[plan.kind]
  }

  get mayWrite(): boolean {
    return this.life.machine.plan.preference !== 'observer'
  }

  get digest(): string {
    return textOf(this.kind.shown(this.handle))
  }

  get retention(): number {
    return this.plan.retention
  }

  open(collections: Collections): void {
    const { fetchBatchSize } = this.plan
    const definition = this.kind.define(this.plan, {
      consensus: consensusOf(this.plan),
      ...(fetchBatchSize !== undefined && { sync: { fetchBatchSize } }),
    })
    const options = { storage: this.store }
    this.handle = this.mayWrite ? collections.writer(definition, options) : collections.reader(definition, options)
    mapWatch(this.group.position, () => this.#sim.tell((probe) => probe.onRead?.(this.read())))
  }

  read(): Reading {
    return { run: this, version: this.handle.version, shown: this.digest, member: this.memberId }
  }

  calling(): number {
    if (this.#sim.calling === 0) throw new Error('something is sent that nobody has asked for')
    return this.#sim.calling
  }

  joined(group: MemberRun['group']): void {
    this.group = group
  }

  wrote(write: NumberedWrite, reply: WriteReply, context: ApplyContext): void {
    this.onApplied({ change: write, reply: textOf(reply), chain: this.digest }, context)
  }
}
