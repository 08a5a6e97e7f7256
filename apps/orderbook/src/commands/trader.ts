import { Option, wholeNumber } from '@mosaik/cli'
import type { Output, ProgramCommand } from '@mosaik/cli'
import type { Instruction } from '../market/types.ts'
import type { BadLineError } from '../orders/read-orders.ts'
import type { Source } from '../roles/read-ahead.ts'
import { fromFile, generated } from '../roles/source.ts'
import { runTrader } from '../roles/trader.ts'
import { pairsFlag } from './pairs.ts'
import { tell } from './tell.ts'

interface TraderFlags {
  readonly name: string
  readonly seed: string
  readonly pairs: readonly string[]
  readonly count: number
  readonly rate?: number
  readonly orders?: string
  readonly bad: 'skip' | 'fail'
}

export const traderCommand: ProgramCommand<TraderFlags> = {
  name: 'trader',
  description: 'Sends orders until each was taken, generated ones or those of a file.',
  flags: [
    new Option('--name <text>', 'of the trader whose orders are generated').default('trader-1'),
    new Option('--seed <text>', 'decides what is generated').default('mosaik'),
    pairsFlag('of what is generated'),
    new Option('--count <number>', 'how many instructions are generated').argParser(wholeNumber(0)).default(1_000),
    new Option('--rate <number>', 'instructions per second; as fast as they are taken when absent').argParser(wholeNumber(1)),
    new Option('--orders <file>', 'send what this file has, CSV or JSON lines, in place of generated orders'),
    new Option('--bad <what>', 'with a line that is no order: end, or skip it').choices(['skip', 'fail']).default('fail'),
  ],
  defaults: { tags: ['trader'] },
  main: async ({ connect, signal, output, options }) => {
    const { network } = await connect()
    const { rate } = options
    const source = sourceOf(options, output)
    const totals = await runTrader({ network, source, signal, emit: tell(output), ...(rate !== undefined && { rate }) })
    tell(output)('totals', { ...totals })
  },
}

function sourceOf({ orders, bad, name, seed, pairs, count }: TraderFlags, output: Output): Source<Instruction> {
  if (orders === undefined) return () => generated(name, seed, pairs, count)
  if (bad === 'fail') return (signal) => fromFile(orders, { signal })
  const onSkip = ({ message, line }: BadLineError): void => {
    output.say(`skipped  ${message}`)
    output.event('skipped', { line, message })
  }
  return (signal) => fromFile(orders, { onBad: 'skip', onSkip, signal })
}
