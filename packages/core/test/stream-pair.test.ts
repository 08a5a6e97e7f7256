import { describe, expect, it } from 'vitest'
import { streamPair, type StreamPairOptions } from '../src/testing/stream-pair.ts'
import { concat, pattern, rawEnd, testClock } from './link-kit.ts'

function ends(options: Partial<StreamPairOptions> = {}) {
  const clock = testClock()
  const pair = streamPair({ clock, ...options })
  return { clock, pair, left: rawEnd(pair.dialer), right: rawEnd(pair.acceptor) }
}

describe('streamPair', () => {
  it('carries bytes in order, in the chunks that were asked for', async () => {
    const { clock, pair, right } = ends({ chunk: (available) => Math.min(available, 7) })
    pair.dialer.send(pattern(20))
    pair.dialer.send(pattern(5, 1))
    await clock.run(1)
    expect(right.chunks().map((chunk) => chunk.length)).toEqual([7, 7, 6, 5])
    expect(right.bytes()).toEqual(concat([pattern(20), pattern(5, 1)]))
  })

  it('takes as long as asked: delay, and bytes per second', async () => {
    const { clock, pair, right } = ends({ delayMs: 10, bytesPerSecond: 1000 })
    pair.dialer.send(pattern(100))
    pair.dialer.send(pattern(100))
    await clock.run(109)
    expect(right.bytes().length).toBe(0)
    await clock.run(1)
    expect(right.bytes().length).toBe(100)
    await clock.run(100)
    expect(right.bytes().length).toBe(200)
  })

  it('stops the writer at the window until half of it was read', async () => {
    const { clock, pair, right } = ends({ windowBytes: 100 })
    pair.acceptor.pause()
    expect([pair.dialer.send(pattern(60)), pair.dialer.send(pattern(60))]).toEqual([true, false])
    await clock.run(10)
    expect(right.bytes().length).toBe(0)
    pair.acceptor.resume()
    await clock.run(10)
    expect(right.bytes().length).toBe(120)
    expect(pair.dialer.send(pattern(60))).toBe(true)
  })

  it('keeps what came before the reader', async () => {
    const clock = testClock()
    const { dialer, acceptor } = streamPair({ clock })
    dialer.send(pattern(3))
    dialer.end()
    await clock.run(10)
    const late = rawEnd(acceptor)
    await clock.run(10)
    expect([late.bytes().length, late.ended(), late.closed()]).toEqual([3, true, undefined])
    expect(() => acceptor.attach({ onData: () => {}, onDrain: () => {}, onEnd: () => {}, onClose: () => {} })).toThrow('reader already')
  })

  it('half closes, and closes cleanly when both sides have', async () => {
    const { clock, pair, left, right } = ends()
    pair.dialer.end()
    pair.dialer.send(pattern(1))
    await clock.run(1)
    expect([right.ended(), right.bytes().length]).toEqual([true, 0])
    pair.acceptor.send(pattern(9))
    pair.acceptor.end()
    await clock.run(1)
    expect([left.bytes().length, left.ended()]).toEqual([9, true])
    expect([left.closed(), right.closed()]).toEqual(['cleanly', 'cleanly'])
  })

  it('resets: the other side sees an error, and what was on the way is gone', async () => {
    const { clock, pair, left, right } = ends({ delayMs: 5 })
    pair.dialer.send(pattern(100))
    pair.dialer.abort(new Error('enough'))
    await clock.run(10)
    expect([right.bytes().length, right.ended()]).toEqual([0, false])
    expect(right.closed()).toBeInstanceOf(Error)
    expect(left.closed()).toMatchObject({ cause: { message: 'enough' } })
  })

  it('loses both ends at once', async () => {
    const { clock, pair, left, right } = ends({ delayMs: 5 })
    pair.acceptor.send(pattern(100))
    pair.lose()
    await clock.run(10)
    for (const end of [left, right]) expect(end.closed()).toMatchObject({ message: 'the connection was lost' })
    expect(left.bytes().length).toBe(0)
  })
})
