import { describe, expect, it } from 'vitest'
import { systemClock } from '@mosaik/core/system'
import { webFaces, type ByteSink } from '@mosaik/core'
import { streamPair } from '../src/testing/stream-pair.ts'
import { concat, pattern, rawEnd } from './link-kit.ts'

/** A byte stream that only notes what is asked of it. */
function noted() {
  const calls: string[] = []
  const sent: Uint8Array[] = []
  const state: { sink: ByteSink | undefined; room: boolean } = { sink: undefined, room: true }
  const note = (name: string) => (): void => void calls.push(name)
  const faces = webFaces({
    attach: (sink) => {
      calls.push('attach')
      state.sink = sink
    },
    send: (chunk) => {
      sent.push(chunk)
      return state.room
    },
    end: note('end'),
    pause: note('pause'),
    resume: note('resume'),
    abort: (reason) => void calls.push(`abort ${String(reason)}`),
  })
  return { calls, sent, state, faces, sink: () => state.sink as ByteSink }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

describe('webFaces', () => {
  it('attaches when first used, once', () => {
    const { calls, faces } = noted()
    expect(calls).toEqual([])
    expect(faces.readable).toBe(faces.readable)
    expect(faces.writable).toBe(faces.writable)
    expect(calls).toEqual(['attach', 'pause'])
  })

  it('reads only when asked to', async () => {
    const { calls, faces, sink } = noted()
    const reader = faces.readable.getReader()
    await turn()
    expect(calls).toEqual(['attach', 'pause'])
    const first = reader.read()
    await turn()
    expect(calls.at(-1)).toBe('resume')
    sink().onData(pattern(3))
    expect((await first).value).toEqual(pattern(3))
    expect(calls.at(-1)).toBe('pause')
    sink().onEnd()
    expect((await reader.read()).done).toBe(true)
  })

  it('write waits for the drain', async () => {
    const { faces, sink, state, sent } = noted()
    const writer = faces.writable.getWriter()
    await writer.write(pattern(1))
    state.room = false
    let done = false
    const second = writer.write(pattern(2)).then(() => (done = true))
    const third = writer.write(pattern(3))
    await turn()
    expect([done, sent.length]).toEqual([false, 2])
    state.room = true
    sink().onDrain()
    await second
    await third
    expect(sent.length).toBe(3)
  })

  it('close ends; cancel and abort reset', async () => {
    const closing = noted()
    await closing.faces.writable.getWriter().close()
    expect(closing.calls.at(-1)).toBe('end')
    const cancelling = noted()
    await cancelling.faces.readable.cancel('no more')
    expect(cancelling.calls.at(-1)).toBe('abort no more')
    cancelling.sink().onData(pattern(1))
    const aborting = noted()
    await aborting.faces.writable.abort('enough')
    expect(aborting.calls.at(-1)).toBe('abort enough')
  })

  it('a reset is an error for whoever reads or writes', async () => {
    const { faces, sink, state } = noted()
    const reading = expect(faces.readable.getReader().read()).rejects.toThrow('gone')
    const writer = faces.writable.getWriter()
    state.room = false
    const pending = writer.write(pattern(1))
    await turn()
    sink().onClose(new Error('gone'))
    await reading
    await pending
    await expect(writer.closed).rejects.toThrow('gone')
    await expect(writer.write(pattern(1))).rejects.toThrow('gone')
  })

  it('a clean close after the end is none', async () => {
    const { faces, sink } = noted()
    const reader = faces.readable.getReader()
    const writer = faces.writable.getWriter()
    sink().onEnd()
    expect((await reader.read()).done).toBe(true)
    await writer.close()
    sink().onClose(undefined)
    await writer.closed
    await reader.closed
  })

  it('takes nothing but bytes', async () => {
    const { faces } = noted()
    await expect(faces.writable.getWriter().write('text' as never)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
  })

  it('a slow reader stops a fast writer, and everything arrives', async () => {
    const { dialer, acceptor } = streamPair({ clock: systemClock, windowBytes: 10_000 })
    const raw = rawEnd(acceptor)
    acceptor.pause()
    const writer = dialer.writable.getWriter()
    let written = 0
    const all = (async () => {
      for (let i = 0; i < 50; i++) {
        await writer.write(pattern(1000, i))
        written++
      }
      await writer.close()
    })()
    await turn()
    await turn()
    expect(written).toBeLessThanOrEqual(10)
    acceptor.resume()
    await all
    while (!raw.ended()) await turn()
    expect(Buffer.compare(raw.bytes(), concat(Array.from({ length: 50 }, (_, i) => pattern(1000, i))))).toBe(0)
    acceptor.end()
    const read = await dialer.readable.getReader().read()
    expect(read.done).toBe(true)
  })

  it('pipes', async () => {
    const there = streamPair({ clock: systemClock })
    const echo = there.acceptor.readable.pipeTo(there.acceptor.writable)
    const writer = there.dialer.writable.getWriter()
    void writer.write(pattern(300_000))
    void writer.close()
    const chunks: Uint8Array[] = []
    for await (const chunk of there.dialer.readable) chunks.push(chunk)
    await echo
    expect(Buffer.compare(concat(chunks), pattern(300_000))).toBe(0)
  })
})
