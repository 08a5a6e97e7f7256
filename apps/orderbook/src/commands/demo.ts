import { Option, wholeNumber } from '@mosaik/cli'
import type { Output, ProgramCommand } from '@mosaik/cli'
import { Stage } from '../demo/stage.ts'
import { play } from '../demo/story.ts'
import type { Result } from '../demo/story.ts'
import { createView, silentView } from '../demo/view.ts'

/** Generous: on an idle machine it takes half of it. */
const WITHIN_MS = 55_000

export const demoCommand: ProgramCommand<{ readonly count: number; readonly rate: number; readonly seed: string }> = {
  name: 'demo',
  description: 'Starts a whole market on this machine, kills its leader, and adds everything up.',
  flags: [
    new Option('--count <number>', 'instructions of each of the two traders').argParser(wholeNumber(1)).default(6_000),
    new Option('--rate <number>', 'instructions per second of each').argParser(wholeNumber(1)).default(600),
    new Option('--seed <text>', 'decides what is generated').default('mosaik'),
  ],
  main: async ({ options, signal, output }) => {
    const view = output.isJson || options.quiet ? silentView(process.stderr) : createView(process.stdout, process.stderr)
    const stage = new Stage({ view, network: options.networkId ?? 'mosaik-orderbook-demo', within: WITHIN_MS, signal })
    try {
      const result = await play(stage, options)
      view.end()
      tellResult(result, output)
      if (result.broken.length > 0) throw new Error(`the sums do not hold: ${result.broken.join('; ')}`)
    } finally {
      await stage.kill()
      view.end()
    }
  },
}

function tellResult({ sums, broken, failover, throughput }: Result, output: Output): void {
  output.event('summary', { ...sums, broken, failover, throughput })
  const {
    sent,
    accepted,
    orders,
    open,
    filled,
    cancelled,
    rejected,
    fills,
    fillsSeen,
    lotsSeen,
    notionalSeen,
    replicas,
    states,
    repeated,
  } = sums
  const is = (one: number, other: number): string => (one === other ? '=' : '≠')
  const lines = [
    '',
    `instructions  sent ${sent} ${is(sent, accepted)} accepted ${accepted} ${is(accepted, orders + cancelled + rejected)} orders ${orders} + cancels ${cancelled} + rejected ${rejected}; ${repeated} were sent again`,
    `orders        ${orders} ${is(orders, open + filled + cancelled)} open ${open} + filled ${filled} + cancelled ${cancelled}`,
    `fills         on the stream ${fillsSeen} ${is(fillsSeen, fills)} in the machine ${fills}; ${lotsSeen} lots for ${notionalSeen} ticks`,
    `replicas      ${replicas} matchers with ${states === 1 ? 'the same state' : `${states} different states`}`,
    `fail-over     another leader after ${failover.leader} ms, the next fills after ${failover.fills} ms`,
    `throughput    ${throughput} instructions per second, as sent`,
    '',
    broken.length === 0 ? 'every sum holds' : `BROKEN: ${broken.join('; ')}`,
  ]
  for (const line of lines) output.say(line)
}
