import type { Clock, GroupId, Logger, NetworkId, PeerId, Prng } from '@mosaik/core'
import type { Bonds } from '../bond/types.ts'
import type { GroupSettings } from '../config.ts'
import type { GroupKey } from '../group-key.ts'
import type { LogStore } from '../storage/types.ts'
import type { MachineHost } from './machine-host.ts'
import type { GroupMeters } from './meters.ts'
import type { Ticker } from './ticker.ts'
import type { Turns } from './turns.ts'

/** What a member of a group is made of. */
export interface MemberInit {
  readonly me: PeerId
  readonly networkId: NetworkId
  readonly groupId: GroupId
  readonly key: GroupKey
  readonly settings: GroupSettings
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly bonds: Bonds
  readonly ticker: Ticker
  /** For long work, of all groups of the node. */
  readonly turns: Turns
  readonly store: LogStore
  readonly host: MachineHost
  readonly meters: GroupMeters
  /** The member before this one, of the same node, ends. */
  readonly after: Promise<void> | undefined
  /** It is over: closed, or failed. */
  readonly onEnd: () => void
}
