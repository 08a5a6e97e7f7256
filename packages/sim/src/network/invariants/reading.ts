import type { Invariant } from '../world/probe.ts'

export const reading: Invariant = {
  name: 'nothing-lost-in-reading',
  rule: 'the application takes every item in the order of arrival; `break` and an aborted `receive` lose nothing (Consumer.receive)',
  watch: (_sim, fail) => ({
    onReceived: (run, item, oldest) => {
      if (oldest?.run === item.run && oldest.seq === item.seq) return
      const expected = oldest === undefined ? 'nothing' : `#${oldest.seq} of producer ${oldest.run}`
      fail(`consumer ${run.id} on ${run.life.name} read #${item.seq} of producer ${item.run}, and ${expected} was due`)
    },
    quiet: () => undefined,
  }),
}
