import type { Clock, PeerId } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { CommitNews } from '../../src/driver/commit-news.ts'
import type { SendEffect } from '../../src/logic/effects.ts'
import type { Content } from '../../src/logic/messages.ts'

const [a, b] = ['a', 'b'] as PeerId[]
const envelope = { lineage: undefined, term: 1, incarnation: '0011223344556677' }
const message = (to: PeerId | undefined, content: Content): SendEffect => ({
  type: 'send',
  to: to as PeerId,
  after: 0,
  message: { ...envelope, ...content },
})
const news = (to: PeerId | undefined, commit: number): SendEffect =>
  message(to, { type: 'heartbeat', commit, round: 0, answer: false, hash: undefined, leading: true, idle: false })

function rig() {
  const turns: (() => void)[] = []
  const sent: SendEffect[] = []
  const clock = { turn: (task: () => void) => void turns.push(task) } as Clock
  return {
    held: new CommitNews(clock, (effect) => sent.push(effect)),
    sent,
    turn: () => {
      for (const task of turns.splice(0)) task()
    },
  }
}

describe('news of a commit', () => {
  it('is told two turns later, the newest to each follower', () => {
    const { held, sent, turn } = rig()
    expect([news(a, 1), news(b, 1), news(a, 2)].map((one) => held.takes(one))).toEqual([true, true, true])
    turn()
    expect(sent).toEqual([])
    turn()
    expect(sent).toEqual([news(b, 1), news(a, 2)])
    turn()
    turn()
    expect(sent).toHaveLength(2)
    expect(held.takes(news(a, 3))).toBe(true)
    turn()
    turn()
    expect(sent.at(-1)).toEqual(news(a, 3))
  })

  it('is not told to who hears it with entries, with a heartbeat, or from a leader that resigns', () => {
    const append = message(a, { type: 'append', previous: { term: 1, index: 1 }, entries: [], commit: 1 })
    const heartbeat = message(a, { type: 'heartbeat', commit: 1, round: 1, answer: true, hash: 1, leading: true, idle: false })
    const resigned = message(a, { type: 'heartbeat', commit: 1, round: 0, answer: false, hash: undefined, leading: false, idle: false })
    for (const other of [append, heartbeat, resigned]) {
      const { held, sent, turn } = rig()
      held.takes(news(a, 1))
      held.takes(news(b, 1))
      expect(held.takes(other)).toBe(false)
      turn()
      turn()
      expect(sent).toEqual([news(b, 1)])
    }
  })

  it('is forgotten when the member ends', () => {
    const { held, sent, turn } = rig()
    held.takes(news(a, 1))
    held.clear()
    turn()
    turn()
    expect(sent).toEqual([])
  })
})
