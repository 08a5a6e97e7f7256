import { createLink, type ByteStream, type Clock, type Link, type LinkOptions } from '@mosaik/core'
import { streamPair, type StreamPairOptions } from '../src/testing/stream-pair.ts'

/** Time that passes only in `run`. */
export interface TestClock extends Clock {
  /** Lets `ms` pass: every task that falls due runs, and every promise it settled. */
  run(ms: number): Promise<void>
  /** Timers and turns that are still to come. */
  readonly pending: number
}

interface Task {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export function testClock(): TestClock {
  let time = 0
  let order = 0
  let tasks: Task[] = []
  const add = (ms: number, run: () => void): (() => void) => {
    const task = { at: time + ms, order: order++, run }
    tasks.push(task)
    return () => void (tasks = tasks.filter((other) => other !== task))
  }
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
  return {
    now: () => time,
    monotonic: () => time,
    after: add,
    turn: (run) => void add(0, run),
    get pending() {
      return tasks.length
    },
    run: async (ms) => {
      const until = time + ms
      await settle()
      for (;;) {
        const due = tasks.filter((task) => task.at <= until)
        if (due.length === 0) break
        due.sort((a, b) => a.at - b.at || a.order - b.order)
        const next = due[0] as Task
        const batch = due.filter((task) => task.at === next.at)
        time = Math.max(time, next.at)
        for (const task of batch) {
          if (!tasks.includes(task)) continue // cancelled by one before it
          tasks = tasks.filter((other) => other !== task)
          task.run()
        }
        await settle()
      }
      time = until
    },
  }
}

export interface Linked {
  readonly clock: TestClock
  readonly a: Link
  readonly b: Link
  readonly lose: (error?: Error) => void
}

/** Two links over one stream; `a` opened it. */
export function linked(options: Partial<LinkOptions> = {}, pair: Partial<StreamPairOptions> = {}): Linked {
  const clock = testClock()
  const { dialer, acceptor, lose } = streamPair({ clock, ...pair })
  return {
    clock,
    a: createLink(dialer, { clock, firstMessageMs: 0, ...options }),
    b: createLink(acceptor, { clock, firstMessageMs: 0, ...options }),
    lose,
  }
}

/** What a raw end of a stream has seen. */
export interface RawEnd {
  readonly stream: ByteStream
  readonly bytes: () => Uint8Array
  readonly chunks: () => readonly Uint8Array[]
  readonly ended: () => boolean
  readonly closed: () => Error | 'cleanly' | undefined
}

/** One link, and the bare stream at its other side. */
export function linkAndRaw(
  options: Partial<LinkOptions> = {},
  pair: Partial<StreamPairOptions> = {},
): { readonly clock: TestClock; readonly link: Link; readonly raw: RawEnd; readonly lose: () => void } {
  const clock = testClock()
  const { dialer, acceptor, lose } = streamPair({ clock, ...pair })
  const link = createLink(dialer, { clock, firstMessageMs: 0, ...options })
  return { clock, link, raw: rawEnd(acceptor), lose }
}

export function rawEnd(stream: ByteStream): RawEnd {
  const chunks: Uint8Array[] = []
  let ended = false
  let closed: Error | 'cleanly' | undefined
  stream.attach({
    onData: (chunk) => void chunks.push(chunk),
    onDrain: () => {},
    onEnd: () => void (ended = true),
    onClose: (error) => void (closed = error ?? 'cleanly'),
  })
  return { stream, bytes: () => concat(chunks), chunks: () => chunks, ended: () => ended, closed: () => closed }
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))

/** A message frame. */
export function messageFrame(payload: Uint8Array): Uint8Array {
  return frame(0, payload)
}

export function frame(kind: number, rest: Uint8Array): Uint8Array {
  const out = new Uint8Array(5 + rest.length)
  new DataView(out.buffer).setUint32(0, rest.length + 1)
  out[4] = kind
  out.set(rest, 5)
  return out
}

/** Bytes that show where they were cut or mixed. */
export function pattern(length: number, seed = 0): Uint8Array {
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i++) out[i] = (i * 31 + (i >>> 8) * 17 + seed * 7) & 0xff
  return out
}

/** Everything a link delivers, from now on. */
export function collect(link: Link): Uint8Array[] {
  const messages: Uint8Array[] = []
  link.onMessage((message) => void messages.push(message))
  return messages
}
