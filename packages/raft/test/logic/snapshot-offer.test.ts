import { seededPrng, uniqueId } from '@mosaik/core'
import type { GroupId, PeerId } from '@mosaik/core'
import { expect, test } from 'vitest'
import { createCore } from '../../src/logic/core.ts'
import type { Effect } from '../../src/logic/effects.ts'
import type { Entry } from '../../src/logic/entry.ts'
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../../src/logic/options.ts'

const lineage = { id: uniqueId('a lineage') }
const voters = ['a', 'b', 'c'].map((name) => ({ peerId: name as PeerId, incarnation: '1', durable: true }))
const founding: Entry = {
  index: 1,
  term: 1,
  data: { kind: 'founding', lineage: lineage.id, founder: voters[0]!, configuration: { voters } },
}
const rest = Array.from({ length: 9 }, (_, i): Entry => ({ index: i + 2, term: 1, data: { kind: 'no-op' } }))

/** `b` has come back with ten entries, and its hard state says that one of them is committed. */
function offered(index: number, term: number): readonly Effect[] {
  const core = createCore(
    {
      me: voters[1]!,
      groupId: uniqueId('a group') as string as GroupId,
      preference: 'normal',
      durable: true,
      timing: DEFAULT_TIMING,
      maxVoters: 5,
      minMembers: 1,
      limits: DEFAULT_LIMITS,
    },
    seededPrng(1),
    { hardState: { lineage, term: 1, vote: undefined, commit: 1 }, snapshot: undefined, entries: [founding, ...rest] },
  )
  core.step({ type: 'bond-up', member: voters[0]! })
  const about = { root: 'root', hash: 0, commands: 0, configuration: { voters }, configurationIndex: 1, meets: [] }
  const content = { type: 'snapshot-offer', snapshot: { lineage, index, term, ...about } } as const
  return core.step({ type: 'message', from: 'a' as PeerId, message: { lineage: lineage.id, term: 2, incarnation: '1', ...content } })
}

test('who has the entry of an offered snapshot keeps its log: others count on what is behind it', () => {
  const effects = offered(8, 1)
  expect(effects.find(({ type }) => type === 'need-snapshot')).toBeUndefined()
  expect(effects).toContainEqual({ type: 'committed', index: 8 })
  expect(effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))).toContainEqual(
    expect.objectContaining({ type: 'append-answer', index: 8, hint: undefined }),
  )
})

test('who has another entry there, or none, fetches it', () => {
  for (const [index, term] of [
    [8, 2],
    [11, 1],
  ] as const) {
    const effects = offered(index, term)
    expect(effects).toContainEqual(expect.objectContaining({ type: 'need-snapshot' }))
    expect(effects.find(({ type }) => type === 'committed')).toBeUndefined()
  }
})
