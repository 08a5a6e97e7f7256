import { createCollections } from '@mosaik/collections'
import { createGroups } from '@mosaik/raft'
import { diskLog, follow } from '../../groups/world/lives.ts'
import type { Life } from '../../groups/world/machine.ts'
import { MembersSim } from '../../groups/world/sim.ts'
import type { CollectionCall } from '../actors/client.ts'
import { follow as followHandle } from '../actors/reader.ts'
import type { CollectionsPlan } from '../plan/types.ts'
import { CollectionRun } from './collection-run.ts'
import type { ChangeReader, Probe } from './probe.ts'
import { watched } from './watched.ts'

/** Nodes that hold collections. */
export class CollectionsSim extends MembersSim<CollectionRun, Probe> {
  readonly plan: CollectionsPlan
  readonly calls: CollectionCall[] = []
  /** The number of the call that is being made in this step; 0: none. */
  calling = 0
  readonly readers: ChangeReader[] = []
  /** How often things were told. */
  readonly told = { writes: 0, resets: 0 }

  constructor(plan: CollectionsPlan, onLine?: (line: string) => void) {
    super(`collections ${plan.seed}`, plan, onLine)
    this.plan = plan
  }

  enter(life: Life): { close(): Promise<void> } {
    const groups = createGroups(life.discovery)
    let opening: CollectionRun
    const collections = createCollections(watched(groups, () => opening))
    for (const plan of this.plan.groups) {
      opening = new CollectionRun(this, life, plan, diskLog(this, life, plan.index))
      this.runs.push(opening)
      opening.open(collections)
      follow(this, opening)
      followHandle(this, opening, this.draw.under(`reader at ${opening.name}`).chance(0.5))
    }
    return {
      close: async () => {
        await collections.close()
        await Promise.all(this.runsIn(life).flatMap(({ following }) => following))
        await groups.close()
      },
    }
  }
}
