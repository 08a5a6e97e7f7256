import { getEventListeners } from 'node:events'
import { abortable, createWatch, mapWatch, MosaikError } from '@mosaik/core'
import type { Watch } from '@mosaik/core'
import { describe, expect, expectTypeOf, test } from 'vitest'

/** 'open' while a promise has not settled a full turn later. */
const settled = async (promise: Promise<unknown>): Promise<unknown> => {
  let result: unknown = 'open'
  promise.then(
    (value) => (result = value),
    (error: unknown) => (result = error),
  )
  await new Promise(setImmediate)
  return result
}

describe('set and listen', () => {
  test('listeners hear every change at once, none that is none', () => {
    const watch = createWatch(1)
    const heard: number[] = []
    const stop = watch.listen((value) => heard.push(value))
    watch.set(2)
    watch.set(2)
    watch.set(Number.NaN)
    watch.set(Number.NaN)
    stop()
    stop()
    watch.set(3)
    expect(heard).toEqual([2, Number.NaN])
    expect(watch.value).toBe(3)
  })

  test('a listener that sets again: everyone ends with the newest value, in order', () => {
    const watch = createWatch(0)
    const [first, second]: [number[], number[]] = [[], []]
    watch.listen((value) => {
      first.push(value)
      if (value === 1) watch.set(2)
    })
    watch.listen((value) => second.push(value))
    watch.set(1)
    expect(first).toEqual([1, 2])
    expect(second).toEqual([2])
  })

  test('a listener removed by another is not called', () => {
    const watch = createWatch(0)
    const heard: string[] = []
    watch.listen(() => stop())
    const stop = watch.listen(() => heard.push('removed'))
    watch.set(1)
    expect(heard).toEqual([])
  })
})

describe('changed', () => {
  test('is the next value set after the call', async () => {
    const watch = createWatch('a')
    watch.set('b')
    const next = watch.changed()
    expect(await settled(next)).toBe('open')
    watch.set('c')
    watch.set('d')
    expect(await next).toBe('c')
  })

  test('rejects with the reason of close, also afterwards', async () => {
    const watch = createWatch(1)
    const waiting = watch.changed()
    watch.close()
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await expect(watch.changed()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    const other = createWatch(1)
    const reason = new MosaikError('ERR_OFFLINE', 'gone')
    const cut = other.changed()
    other.close(reason)
    other.close(new Error('too late'))
    await expect(cut).rejects.toBe(reason)
  })

  test('rejects with the reason of an abort, before or during', async () => {
    const watch = createWatch(1)
    const controller = new AbortController()
    const waiting = watch.changed({ signal: controller.signal })
    controller.abort('stop')
    await expect(waiting).rejects.toBe('stop')
    await expect(watch.changed({ signal: controller.signal })).rejects.toBe('stop')
    await expect(watch.until(() => true, { signal: controller.signal })).rejects.toBe('stop')
  })

  test('ten thousand waiters leave nothing behind', async () => {
    const watch = createWatch(0)
    const { signal } = new AbortController()
    const waiters = Array.from({ length: 10_000 }, () => watch.changed({ signal }))
    expect(getEventListeners(signal, 'abort')).toHaveLength(10_000)
    watch.set(1)
    expect(new Set(await Promise.all(waiters))).toEqual(new Set([1]))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const cut = Array.from({ length: 100 }, () => watch.changed({ signal }))
    watch.close()
    expect((await Promise.allSettled(cut)).every(({ status }) => status === 'rejected')).toBe(true)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    await expect(watch.changed({ signal })).rejects.toThrow()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('until', () => {
  test('begins with the current value', async () => {
    const watch = createWatch(5)
    expect(await watch.until((value) => value > 4)).toBe(5)
    const later = watch.until((value) => value > 6)
    watch.set(6)
    expect(await settled(later)).toBe('open')
    watch.set(7)
    watch.set(8)
    expect(await later).toBe(7)
  })

  test('a current value counts after close, a missing one rejects', async () => {
    const watch = createWatch(5)
    watch.close()
    expect(await watch.until((value) => value === 5)).toBe(5)
    await expect(watch.until((value) => value === 6)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })

  test('a predicate that throws rejects its own wait only', async () => {
    const watch = createWatch(1)
    const bad = watch.until((value) => { if (value === 2) throw new Error('bad'); return false }) // prettier-ignore
    const good = watch.until((value) => value === 2)
    watch.set(2)
    await expect(bad).rejects.toThrow('bad')
    expect(await good).toBe(2)
    await expect(watch.until(() => { throw new Error('at once') })).rejects.toThrow('at once') // prettier-ignore
  })
})

describe('iteration', () => {
  test('the latest value wins, the last one before close is seen, then it ends', async () => {
    const watch = createWatch(0)
    const seen: number[] = []
    const loop = (async () => {
      for await (const value of watch) {
        seen.push(value)
        await new Promise(setImmediate)
      }
    })()
    for (let i = 1; i <= 1000; i++) watch.set(i)
    await watch.until((value) => value === 1000)
    while (seen.at(-1) !== 1000) await new Promise(setImmediate)
    watch.set(1001)
    watch.close()
    await loop
    expect(seen.at(-1)).toBe(1001)
    expect(seen.length).toBeLessThan(10)
  })

  test('break leaves the watch as it was', async () => {
    const watch = createWatch(0)
    for await (const value of watch) if (value === 0) break
    watch.set(1)
    for await (const value of watch) {
      expect(value).toBe(1)
      break
    }
  })
})

describe('mapWatch', () => {
  test('follows its source and skips what maps to the same', () => {
    const source = createWatch(1)
    const even = mapWatch(source, (value) => value % 2 === 0)
    expectTypeOf(even).toExtend<Watch<boolean>>()
    const heard: boolean[] = []
    even.listen((value) => heard.push(value))
    for (const value of [3, 4, 6, 7]) source.set(value)
    expect(heard).toEqual([true, false])
    expect(even.value).toBe(false)
  })

  test('ends with its source, and lets go of it when closed', async () => {
    const source = createWatch(1)
    const mapped = mapWatch(source, String)
    const waiting = mapped.changed()
    const early = mapWatch(source, (value) => value * 2)
    early.close()
    source.set(5)
    expect(early.value).toBe(2)
    expect(await waiting).toBe('5')
    source.close(new MosaikError('ERR_OFFLINE', 'x'))
    await expect(mapped.changed()).rejects.toMatchObject({ code: 'ERR_OFFLINE' })
    const late = mapWatch(source, String)
    expect(late.value).toBe('5')
    await expect(late.changed()).rejects.toMatchObject({ code: 'ERR_OFFLINE' })
  })
})

describe('abortable', () => {
  test('is the promise, unless the abort is first', async () => {
    const { signal } = new AbortController()
    expect(await abortable(Promise.resolve(1), signal)).toBe(1)
    expect(await abortable(Promise.resolve(1), undefined)).toBe(1)
    await expect(abortable(Promise.reject(new Error('own')), signal)).rejects.toThrow('own')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const controller = new AbortController()
    const never = abortable(new Promise(() => {}), controller.signal)
    controller.abort('stop')
    await expect(never).rejects.toBe('stop')
    await expect(abortable(Promise.reject(new Error('overtaken')), controller.signal)).rejects.toBe('stop')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })
})
