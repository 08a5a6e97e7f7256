import type { Invariant } from '../world/probe.ts'

/** Disks and machines of this world are sound, so nobody has a reason for these. */
export const surprises: Invariant = {
  name: 'nobody-fails',
  rule: 'groups end on a node, and members differ, only where a store or a machine is at fault (docs/consistency.md, promise 8)',
  watch: (_sim, fail) => ({
    onEvent: (run, event) => {
      if (event.type === 'failed' && run.isOpen) fail(`${run.name} has failed: ${event.error.stack ?? event.error.message}`)
      if (event.type === 'diverged') fail(`${run.name} says that it differs from the majority at ${event.index}`)
    },
  }),
}
