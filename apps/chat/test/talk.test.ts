import { MosaikError } from '@mosaik/core'
import { systemClock } from '@mosaik/core/system'
import type { PeerId } from '@mosaik/node'
import { expect, it } from 'vitest'
import type { Message, Messages } from '../src/definitions.ts'
import { Talk } from '../src/talk.ts'

it('says again in another history what it lacks, until all of it has arrived', async () => {
  let history: Message[] = []
  let failures = 0
  const vec = {
    isOnline: true,
    version: { lineage: 'one' },
    snapshot: () => history,
    pushBack: async (message: Message) => {
      if (failures-- > 0) throw new MosaikError('ERR_OFFLINE', 'as it was told')
      history.push(message)
    },
  }
  const texts = (): string => history.map(({ text }) => text).join(' ')
  const talk = new Talk(vec as unknown as Messages, { from: 'p' as PeerId, name: 'ann' }, systemClock, 0)
  for (const text of ['a', 'b', 'c']) await talk.say(text, () => {})
  await talk.settled()
  await talk.sayAgain()

  ;[history, vec.version.lineage, failures] = [[], 'two', 1]
  await talk.sayAgain()
  expect(texts()).toBe('b c')
  await talk.sayAgain()
  expect(texts()).toBe('b c a')
  history = []
  await talk.sayAgain() // who takes something away from this history means it
  expect(texts()).toBe('')
})
