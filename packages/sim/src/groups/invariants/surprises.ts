import type { MemberRun } from '../world/member.ts'
import type { MemberInvariant } from '../world/probe.ts'

/** Disks and machines of this world are sound, so nobody has a reason for these. */
export const surprises: MemberInvariant = {
  name: 'nobody-fails',
  rule: 'groups end on a node, members differ, and logs are dropped without a word only where a store or a machine is at fault (docs/consistency.md, promises 5 and 8)',
  watch: (_sim, fail) => {
    const gaveWay = new WeakSet<MemberRun>()
    return {
      onEvent: (run, event) => {
        if (event.type === 'failed' && run.isOpen) fail(`${run.name} has failed: ${event.error.stack ?? event.error.message}`)
        if (event.type === 'diverged') fail(`${run.name} says that it differs from the majority at ${event.index}`)
        if (event.type === 'superseded') gaveWay.add(run)
      },
      onAnew: (run, dropped) => {
        const isExpected = gaveWay.delete(run)
        if (!isExpected && dropped.length > 0)
          fail(`${run.name} comes back as a new member, drops ${dropped.length} entries, and tells nobody`)
      },
    }
  },
}
