import type { Promised } from '../../watched-run.ts'
import type { RegistersState } from '../actors/register.ts'
import type { Reading } from '../history/record.ts'
import type { GroupsSim } from './groups-sim.ts'
import type { MemberProbe } from './probe.ts'
import type { RegisterRun } from './register-run.ts'

/** What an invariant is told of members whose machines are registers. */
export interface Probe extends MemberProbe {
  /** The machine was asked for its state. */
  onTaken?(run: RegisterRun, state: RegistersState): void
  onInstall?(run: RegisterRun, state: RegistersState): void
  onRead?(reading: Reading): void
}

export type Invariant = Promised<GroupsSim, Probe>
