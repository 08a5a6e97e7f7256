import { MosaikError } from '@mosaik/core'
import { groupSettings } from './config.ts'
import type { GroupSettings } from './config.ts'
import { isKeyed } from './driver/machine-host.ts'
import type { AnyMachine } from './driver/machine-host.ts'
import type { LogStore } from './storage/types.ts'
import type { JoinOptions, Preference } from './types.ts'

/** What the first handle on a group has decided for all handles of its node. */
export interface Decided {
  readonly store: LogStore
  readonly settings: GroupSettings
}

/**
 * Checks a further handle on a group that this node is in. What it leaves out is as the first handle has it; what it names must
 * be the same, but for the preference, which it answers. Throws `ERR_INVALID_OPTION`.
 */
export function checkSecondHandle(options: JoinOptions, { store, settings: first }: Decided): Preference {
  const own = groupSettings(options, store.durable)
  const { storage, retention, resubmit } = options
  const consensus = typeof options.consensus === 'object' ? options.consensus : {}
  const differing: readonly (readonly [name: string, differs: boolean])[] = [
    ['storage', storage !== undefined && storage !== store],
    ['resubmit', resubmit !== undefined && resubmit !== first.resubmit],
    ['retention.entries', retention?.entries !== undefined && own.limits.tailEntries !== first.limits.tailEntries],
    ['retention.bytes', retention?.bytes !== undefined && own.limits.tailBytes !== first.limits.tailBytes],
    ['consensus.forwardTimeout', consensus.forwardTimeout !== undefined && own.forwardTimeout !== first.forwardTimeout],
    ['consensus.queryTimeout', consensus.queryTimeout !== undefined && own.timing.queryTimeout !== first.timing.queryTimeout],
  ]
  const different = differing.find(([, differs]) => differs)?.[0]
  if (different === undefined) return own.preference
  throw new MosaikError(
    'ERR_INVALID_OPTION',
    `${different} is not what the first handle of this node on the group has given; leave it out, or give the same`,
  )
}

/**
 * Whether a machine can stand for another one under the same id, as far as can be seen: of the same constructor, with codecs for
 * the same things, and giving its state in the same way. Name and version are part of the id.
 */
export function sameMachine(a: AnyMachine, b: AnyMachine): boolean {
  const codecs = ({ codecs = {} }: AnyMachine): string =>
    Object.entries(codecs)
      .filter(([, codec]) => codec !== undefined)
      .map(([of]) => of)
      .sort()
      .join()
  return a.constructor === b.constructor && isKeyed(a) === isKeyed(b) && codecs(a) === codecs(b)
}
