import type { Endpoint, Logger, Scope } from '@mosaik/core'
import type { DiscoveryConfig } from '../config.ts'
import type { Intake } from './intake.ts'
import type { Keeper } from './keeper.ts'
import type { Meters } from './meters.ts'

/** What every driver of one node shares. */
export interface NodeContext {
  readonly endpoint: Endpoint
  readonly config: DiscoveryConfig
  readonly keeper: Keeper
  readonly intake: Intake
  readonly meters: Meters
  readonly log: Logger
  readonly scope: Scope
}
