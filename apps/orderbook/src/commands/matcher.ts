import { MosaikError } from '@mosaik/core'
import { Option } from '@mosaik/cli'
import type { ProgramCommand } from '@mosaik/cli'
import { fileLog } from '@mosaik/node'
import { runMatcher } from '../roles/matcher.ts'
import { tell } from './tell.ts'

interface MatcherFlags {
  readonly store?: string
  readonly check: boolean
}

export const matcherCommand: ProgramCommand<MatcherFlags> = {
  name: 'matcher',
  description: 'Keeps the book with the other matchers, and while it leads takes orders and publishes fills. Start three.',
  flags: [
    new Option('--store <directory>', 'keep the book there; in memory when absent. Needs --secret: what is stored belongs to this node'),
    new Option('--check', 'add up the whole book whenever it stands still; not for a large one').default(false),
  ],
  defaults: { tags: ['matcher'] },
  main: async ({ connect, signal, output, options }) => {
    const { store, secret, check } = options
    if (store !== undefined && secret === undefined) {
      throw new MosaikError('ERR_INVALID_OPTION', '--store needs --secret: what is stored belongs to this node')
    }
    const { network } = await connect()
    const storage = store !== undefined && { storage: fileLog(store) }
    await runMatcher({ network, signal, emit: tell(output), isChecked: check, ...storage })
  },
}
