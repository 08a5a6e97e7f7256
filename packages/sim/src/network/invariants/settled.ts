import type { Life } from '../world/machine.ts'
import type { Invariant } from '../world/probe.ts'

/** Nothing hangs. */
export const settled: Invariant = {
  name: 'everything-settles',
  rule: 'every send settles, at the latest when its producer closes, and every close keeps its bound (Producer.send, Network.close)',
  watch: (sim, fail) => {
    const check = (life: Life): void => {
      for (const { what, since, within } of life.awaited.values()) {
        if (sim.now - Math.max(since, life.runsSince) > within)
          fail(`${what} on ${life.name} has been waited for since ${Math.round(since)} ms, at most ${within} ms were promised`)
      }
    }
    return {
      tick: () => {
        for (const { life } of sim.machines) {
          if (life?.state === 'running' || life?.state === 'leaving') check(life)
        }
      },
      end: () => {
        for (const { life } of sim.machines) {
          const [first] = life?.state === 'left' ? life.awaited.values() : []
          if (first !== undefined) fail(`${first.what} on ${life?.machine.plan.label} never settled`)
        }
      },
    }
  },
}
