import type { ProgramCommand } from '@mosaik/cli'
import { runObserver } from '../roles/observer.ts'
import { pairsFlag } from './pairs.ts'
import { tell } from './tell.ts'

export const observerCommand: ProgramCommand<{ readonly pairs: readonly string[] }> = {
  name: 'observer',
  description: 'Sees all fills, best and last prices, and positions.',
  flags: [pairsFlag('whose best prices are told')],
  defaults: { tags: ['observer'] },
  main: async ({ connect, signal, output, options: { pairs } }) => {
    const { network } = await connect()
    await runObserver({ network, pairs, signal, emit: tell(output) })
  },
}
