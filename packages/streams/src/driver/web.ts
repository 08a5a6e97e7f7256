import { MosaikError } from '@mosaik/core'
import type { Producer, Received } from '../types.ts'

export interface SendingStream {
  readonly stream: WritableStream<unknown>
  /** The producer was closed: nothing more can be written. */
  readonly fail: () => void
}

/** A producer as a Web stream. A write is a send, so it is as slow as the consumers are. `onBroken`: this stream is of no more use. */
export function sendingStream(producer: Pick<Producer<unknown>, 'send' | 'close'>, onBroken: () => void): SendingStream {
  let controller!: WritableStreamDefaultController
  let finished = false
  const stream = new WritableStream<unknown>(
    {
      start: (given) => {
        controller = given
      },
      write: async (datum) => {
        try {
          await producer.send(datum, { signal: controller.signal })
        } catch (error) {
          onBroken()
          throw error
        }
      },
      close: () => {
        finished = true
        return producer.close()
      },
      abort: () => {
        finished = true
        onBroken()
      },
    },
    { highWaterMark: 1 },
  )
  const fail = (): void => {
    if (!finished) controller.error(new MosaikError('ERR_CLOSED', 'the producer was closed; nothing more can be written'))
  }
  return { stream, fail }
}

/** Where a reading stream gets its data. */
export interface DatumSource {
  tryReceive(): Received<unknown>
  /** Resolves when there may be a datum. Rejects with `ERR_CLOSED`, or the signal's reason. */
  ready(signal: AbortSignal): Promise<void>
}

export interface ReceivingStream {
  readonly stream: ReadableStream<unknown>
  /** The consumer was closed: there is nothing more to read. */
  readonly end: () => void
}

/** A consumer as a Web stream. It takes a datum only when its reader asks for one. `onCancelled`: this stream is of no more use. */
export function receivingStream(source: DatumSource, onCancelled: () => void): ReceivingStream {
  const cancelled = new AbortController()
  let controller!: ReadableStreamDefaultController<unknown>
  let finished = false
  const end = (): void => {
    if (!finished) controller.close()
    finished = true
  }
  const stream = new ReadableStream<unknown>(
    {
      start: (given) => {
        controller = given
      },
      pull: async () => {
        while (!cancelled.signal.aborted) {
          const received = source.tryReceive()
          if (received.ok) return controller.enqueue(received.datum)
          if (received.reason === 'closed') return end()
          await source.ready(cancelled.signal).catch(() => {}) // closed or cancelled: both show above
        }
      },
      cancel: () => {
        finished = true
        cancelled.abort()
        onCancelled()
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, end }
}
