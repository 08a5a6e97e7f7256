import { getEventListeners } from 'node:events'
import { createBroadcast, createFifo, createMailbox } from '@mosaik/core'
import type { Lagged, Mailbox } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'
import { collect } from './support/collect.ts'

test('a queue does what an array does', () => {
  const step = fc.oneof(fc.constant('shift' as const), fc.constant('clear' as const), fc.nat(200))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [fifo, twin] = [createFifo<number>(), [] as number[]]
      for (const [i, what] of steps.entries()) {
        if (what === 'clear' && i % 10 === 0) {
          fifo.clear()
          twin.length = 0
        }
        if (what === 'shift') for (let j = 0; j < 100; j++) expect(fifo.shift()).toBe(twin.shift())
        for (let j = 0; typeof what === 'number' && j < what; j++) {
          fifo.push(j)
          twin.push(j)
        }
        expect([fifo.length, fifo.first]).toEqual([twin.length, twin[0]])
        expect(fifo.toArray()).toEqual(twin)
      }
    }),
  )
})

describe('mailbox', () => {
  const drain = (box: Mailbox<number>): number[] => {
    const items: number[] = []
    for (let item = box.tryTake(); item !== undefined; item = box.tryTake()) items.push(item)
    return items
  }

  test('refuses when full', () => {
    const box = createMailbox<number>({ capacity: 2, full: 'refuse' })
    expect([box.push(1), box.push(2), box.push(3)]).toEqual([true, true, false])
    expect([box.size, box.dropped]).toEqual([2, 0])
    expect(drain(box)).toEqual([1, 2])
    expect(box.push(4)).toBe(true)
  })

  test('or drops the oldest, and counts', () => {
    const box = createMailbox<number>({ capacity: 2, full: 'drop-oldest' })
    for (const i of [1, 2, 3, 4]) expect(box.push(i)).toBe(true)
    expect(box.dropped).toBe(2)
    expect(drain(box)).toEqual([3, 4])
  })

  test('behaves like a plain array', () => {
    const command = fc.oneof(fc.record({ push: fc.integer() }), fc.constant('take' as const))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('refuse' as const, 'drop-oldest' as const),
        fc.array(command, { maxLength: 60 }),
        (capacity, full, commands) => {
          const box = createMailbox<number>({ capacity, full })
          let twin: number[] = []
          let dropped = 0
          for (const step of commands) {
            if (step === 'take') {
              expect(box.tryTake()).toBe(twin.shift())
            } else if (full === 'refuse') {
              expect(box.push(step.push)).toBe(twin.length < capacity)
              if (twin.length < capacity) twin.push(step.push)
            } else {
              expect(box.push(step.push)).toBe(true)
              if (twin.length === capacity) dropped++
              twin = [...twin, step.push].slice(-capacity)
            }
            expect([box.size, box.dropped]).toEqual([twin.length, dropped])
          }
          expect(drain(box)).toEqual(twin)
        },
      ),
    )
  })

  test('takers are served in turn', async () => {
    const box = createMailbox<number>({ capacity: 8, full: 'refuse' })
    const taken = [box.take(), box.take(), box.take()]
    for (const i of [1, 2, 3, 4]) box.push(i)
    expect(await Promise.all(taken)).toEqual([1, 2, 3])
    expect(await box.take()).toBe(4)
  })

  test('an aborted take loses nothing', async () => {
    const box = createMailbox<number>({ capacity: 8, full: 'refuse' })
    const controller = new AbortController()
    const cut = box.take({ signal: controller.signal })
    controller.abort('stop')
    await expect(cut).rejects.toBe('stop')
    box.push(1)
    await expect(box.take({ signal: controller.signal })).rejects.toBe('stop')
    expect(await box.take()).toBe(1)
    const { signal } = new AbortController()
    const waiting = box.take({ signal })
    box.push(2)
    expect(await waiting).toBe(2)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('after close: what is left, then the reason', async () => {
    const box = createMailbox<number>({ capacity: 8, full: 'refuse' })
    box.push(1)
    box.push(2)
    const reason = new Error('over')
    box.close(reason)
    box.close(new Error('late'))
    expect(box.push(3)).toBe(false)
    expect(await box.take()).toBe(1)
    const rest: number[] = []
    for await (const item of box) rest.push(item)
    expect(rest).toEqual([2])
    await expect(box.take()).rejects.toBe(reason)
  })

  test('close wakes takers and ends iterations', async () => {
    const box = createMailbox<number>({ capacity: 8, full: 'refuse' })
    const cut = box.take()
    const loop = collect(box)
    await new Promise(setImmediate)
    box.close()
    await expect(cut).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect(await loop).toEqual([])
  })

  test('break loses nothing', async () => {
    const box = createMailbox<number>({ capacity: 8, full: 'refuse' })
    for (const i of [1, 2, 3]) box.push(i)
    for await (const item of box) if (item === 1) break
    expect(drain(box)).toEqual([2, 3])
  })

  test('has a sensible capacity', () => {
    for (const capacity of [0, -1, 1.5, 2 ** 30]) {
      expect(caught(() => createMailbox({ capacity, full: 'refuse' })).message).toContain('capacity is')
    }
    expect(caught(() => createMailbox({ capacity: 1, full: 'wait' as never })).message).toContain('full is "wait"')
  })
})

describe('broadcast', () => {
  test('a subscription begins at the call, not at the first read', async () => {
    const news = createBroadcast<number>({ backlog: 10 })
    news.publish(0)
    const reader = news.subscribe()
    news.publish(1)
    news.publish(2)
    news.close()
    news.publish(3)
    expect(await collect(reader)).toEqual([1, 2])
    expect(await collect(reader)).toEqual([])
    expect(await collect(news.subscribe())).toEqual([])
  })

  test('who fell behind hears how far, then the newest', async () => {
    const news = createBroadcast<number>({ backlog: 3 })
    const [slow, idle] = [news.subscribe(), news.subscribe()]
    news.publish(0)
    expect((await slow.next()).value).toBe(0)
    for (let i = 1; i <= 10; i++) news.publish(i)
    expect((await slow.next()).value).toEqual({ type: 'lagged', missed: 7 })
    expect((await slow.next()).value).toBe(8)
    for (let i = 11; i <= 14; i++) news.publish(i)
    news.close()
    expect(await collect(slow)).toEqual([{ type: 'lagged', missed: 3 }, 12, 13, 14])
    expect(await collect(idle)).toEqual([{ type: 'lagged', missed: 12 }, 12, 13, 14])
  })

  test('every reader sees everything, or is told how much it did not', async () => {
    const step = fc.oneof(fc.constant('publish' as const), fc.nat({ max: 2 }))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 80 }), async (backlog, steps) => {
        const news = createBroadcast<number>({ backlog })
        const readers = [0, 1, 2].map(() => ({ iterator: news.subscribe(), next: 0 }))
        let published = 0
        const read = async (reader: (typeof readers)[number]): Promise<void> => {
          const { value } = (await reader.iterator.next()) as { value: number | Lagged }
          if (typeof value === 'number') {
            expect(value).toBe(reader.next++)
            return
          }
          reader.next += value.missed
          expect(reader.next).toBe(published - backlog)
        }
        for (const what of steps) {
          if (what === 'publish') news.publish(published++)
          else if (readers[what]!.next < published) await read(readers[what]!)
        }
        news.close()
        for (const reader of readers) {
          while (reader.next < published) await read(reader)
          expect(await reader.iterator.next()).toEqual({ done: true, value: undefined })
        }
      }),
    )
  })

  test('wakes who waits, at an event, at the end, at an abort', async () => {
    const news = createBroadcast<string>({ backlog: 4 })
    const controller = new AbortController()
    const [one, two, three] = [news.subscribe(), news.subscribe({ signal: controller.signal }), news.subscribe()]
    const [first, cut, ended] = [one.next(), two.next(), three.next()]
    controller.abort('stop')
    await expect(cut).rejects.toBe('stop')
    expect(await two.next()).toEqual({ done: true, value: undefined })
    news.publish('a')
    expect((await first).value).toBe('a')
    expect((await ended).value).toBe('a')
    const last = one.next()
    news.close()
    expect(await last).toEqual({ done: true, value: undefined })
  })

  test('an abort before or between reads rejects the next one', async () => {
    const news = createBroadcast<number>({ backlog: 4 })
    const controller = new AbortController()
    const reader = news.subscribe({ signal: controller.signal })
    news.publish(1)
    controller.abort('stop')
    await expect(reader.next()).rejects.toBe('stop')
  })

  test('return ends a pending read; listeners do not pile up', async () => {
    const news = createBroadcast<number>({ backlog: 4 })
    const { signal } = new AbortController()
    const reader = news.subscribe({ signal })
    const pending = reader.next()
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await reader.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const other = news.subscribe({ signal })
    for (let i = 0; i < 100; i++) {
      const next = other.next()
      news.publish(i)
      await next
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    for await (const value of { [Symbol.asyncIterator]: () => (news.publish(7), other) }) if (value === 7) break
    expect(await other.next()).toEqual({ done: true, value: undefined })
  })
})
