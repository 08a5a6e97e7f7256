import type { ProgramCommand } from '@mosaik/cli'
import { runMatcher } from '../roles/matcher.ts'
import { tell } from './tell.ts'

export const matcherCommand: ProgramCommand = {
  name: 'matcher',
  description: 'Keeps the book with the other matchers, and while it leads takes orders and publishes fills. Start three.',
  defaults: { tags: ['matcher'] },
  main: async ({ connect, signal, output }) => {
    const { network } = await connect()
    await runMatcher({ network, signal, emit: tell(output) })
  },
}
