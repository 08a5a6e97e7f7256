import { Option } from '@mosaik/cli'
import type { Output, ProgramCommand } from '@mosaik/cli'
import type { Fill } from '../market/types.ts'
import { runObserver } from '../roles/observer.ts'
import { pairsFlag } from './pairs.ts'
import { tell } from './tell.ts'

export const observerCommand: ProgramCommand<{ readonly pairs: readonly string[]; readonly fills: boolean }> = {
  name: 'observer',
  description: 'Sees all fills, best and last prices, and positions.',
  flags: [pairsFlag('whose best prices are told'), new Option('--fills', 'tell each fill').default(false)],
  defaults: { tags: ['observer'] },
  main: async ({ connect, signal, output, options }) => {
    const { network } = await connect()
    const onFills = options.fills ? tellFills(output) : (): void => {}
    await runObserver({ network, pairs: options.pairs, signal, emit: tell(output), onFills })
  },
}

function tellFills(output: Output): (fills: readonly Fill[]) => void {
  return (fills) => {
    output.event('fills', { fills })
    for (const { number, pair, price, quantity, buyer, seller } of fills) {
      output.say(`fill ${number}  ${pair}  ${quantity} at ${price}  buyer ${buyer.trader}  seller ${seller.trader}`)
    }
  }
}
