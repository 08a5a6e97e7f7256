import { getEventListeners } from 'node:events'
import { createScope, deadline, sleep } from '@mosaik/core'
import { systemClock } from '@mosaik/core/system'
import { describe, expect, test } from 'vitest'
import { manualClock } from './support/manual-clock.ts'

describe('scope', () => {
  test('closing aborts, disposes the newest first, and waits for all', async () => {
    const order: string[] = []
    const scope = createScope()
    scope.add(() => order.push('first'))
    scope.add(async () => {
      await Promise.resolve()
      order.push('second')
    })
    const forget = scope.add(() => order.push('forgotten'))
    forget()
    scope.spawn(async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await new Promise(setImmediate)
      order.push('work')
    })
    expect(scope.signal.aborted).toBe(false)
    const closing = scope.close()
    expect(scope.signal.aborted).toBe(true)
    expect(scope.close()).toBe(closing)
    await closing
    expect(order).toEqual(['first', 'second', 'work'])
  })

  test('after close nothing starts, and what is added ends at once', async () => {
    const scope = createScope()
    await scope.close()
    let disposed = false
    scope.add(() => (disposed = true))
    expect(disposed).toBe(true)
    expect(scope.spawn(() => Promise.reject(new Error('never started')))).toBe(false)
  })

  test('its own reason is no failure; others are collected', async () => {
    const quiet = createScope()
    quiet.spawn((signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))))
    await quiet.close()
    const one = createScope()
    one.spawn(() => Promise.reject(new Error('a')))
    await expect(one.close()).rejects.toThrow('a')
    const two = createScope()
    two.spawn(() => { throw new Error('a') }) // prettier-ignore
    two.add(() => { throw new Error('b') }) // prettier-ignore
    const error = await two.close().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors).toHaveLength(2)
  })

  test('onError takes them as they happen', async () => {
    const errors: unknown[] = []
    const scope = createScope({ onError: (error) => errors.push(error) })
    scope.spawn(() => Promise.reject(new Error('a')))
    await new Promise(setImmediate)
    expect(errors).toHaveLength(1)
    await scope.close()
  })

  test('work started while closing is waited for too', async () => {
    const scope = createScope()
    let done = false
    scope.spawn(async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      scope.add(async () => {
        await new Promise(setImmediate)
        done = true
      })
    })
    await scope.close()
    expect(done).toBe(true)
  })

  test('await using', async () => {
    let disposed = false
    {
      await using scope = createScope()
      scope.add(() => (disposed = true))
    }
    expect(disposed).toBe(true)
  })
})

describe('sleep', () => {
  test('ends when its time has come', async () => {
    const clock = manualClock()
    let awake = false
    const sleeping = sleep(clock, 10).then(() => (awake = true))
    clock.advance(9)
    await new Promise(setImmediate)
    expect(awake).toBe(false)
    clock.advance(1)
    await sleeping
  })

  test('an abort takes its timer along', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const sleeping = sleep(clock, 10, { signal: controller.signal })
    controller.abort('stop')
    await expect(sleeping).rejects.toBe('stop')
    expect(clock.pending).toBe(0)
    await expect(sleep(clock, 10, { signal: controller.signal })).rejects.toBe('stop')
    expect(clock.pending).toBe(0)
  })
})

describe('deadline', () => {
  const late = (): Error => new Error('late')

  test('is its work, when that is in time', async () => {
    const clock = manualClock()
    const { signal } = new AbortController()
    expect(await deadline(clock, 10, async () => 5, late, { signal })).toBe(5)
    await expect(deadline(clock, 10, () => Promise.reject(new Error('own')), late)).rejects.toThrow('own')
    await expect(deadline(clock, 10, () => { throw new Error('at once') }, late)).rejects.toThrow('at once') // prettier-ignore
    expect(clock.pending).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('rejects when it passes, even if the work does not listen', async () => {
    const clock = manualClock()
    let reason: unknown
    const waiting = deadline(clock, 10, (signal) => {
      signal.addEventListener('abort', () => (reason = signal.reason))
      return new Promise(() => {})
    }, late) // prettier-ignore
    clock.advance(10)
    await expect(waiting).rejects.toThrow('late')
    expect(reason).toBeInstanceOf(Error)
  })

  test('an abort from outside cuts it too', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const waiting = deadline(clock, 10, () => new Promise(() => {}), late, { signal: controller.signal })
    controller.abort('stop')
    await expect(waiting).rejects.toBe('stop')
    expect(clock.pending).toBe(0)
    await expect(deadline(clock, 10, async () => 1, late, { signal: controller.signal })).rejects.toBe('stop')
  })
})

describe('systemClock', () => {
  test('keeps order, cancels, and never answers in the same turn', async () => {
    const order: string[] = []
    const cancel = systemClock.after(1, () => order.push('cancelled'))
    cancel()
    const done = new Promise<void>((resolve) => systemClock.after(5, () => (order.push('after'), resolve())))
    systemClock.after(0, () => order.push('soon'))
    systemClock.turn(() => order.push('turn'))
    order.push('now')
    await done
    expect(order[0]).toBe('now')
    expect(order).toHaveLength(4)
    expect(order.at(-1)).toBe('after')
    expect(order).not.toContain('cancelled')
  })

  test('a far future is not now', async () => {
    let fired = false
    const cancel = systemClock.after(2 ** 40, () => (fired = true))
    await sleep(systemClock, 5)
    cancel()
    expect(fired).toBe(false)
  })

  test('monotonic does not step back', () => {
    let before = systemClock.monotonic()
    for (let i = 0; i < 1000; i++) {
      const now = systemClock.monotonic()
      expect(now).toBeGreaterThanOrEqual(before)
      before = now
    }
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000)
  })
})
