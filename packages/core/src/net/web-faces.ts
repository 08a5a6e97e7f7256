import { MosaikError } from '../check/error.ts'
import type { ByteStream } from './endpoint.ts'

/** The part of a byte stream that its Web streams are made of. */
export type ByteStreamCalls = Pick<ByteStream, 'attach' | 'send' | 'end' | 'pause' | 'resume' | 'abort'>

/** A byte stream as Web streams. Neither attaches before it is used. */
export interface WebFaces {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/**
 * The Web streams of a byte stream, for its implementers: made and attached when either is first asked for. A reader
 * that does not read pauses the stream, `write` waits while the stream asks to, `cancel` and `abort` reset it, and a
 * reset is an error on both.
 */
export function webFaces(stream: ByteStreamCalls): WebFaces {
  let faces: WebFaces | undefined
  const make = (): WebFaces => (faces ??= attachFaces(stream))
  return {
    get readable() {
      return make().readable
    },
    get writable() {
      return make().writable
    },
  }
}

function attachFaces(stream: ByteStreamCalls): WebFaces {
  let reader: ReadableStreamDefaultController<Uint8Array> | undefined
  let writer: WritableStreamDefaultController | undefined
  let drained = Promise.withResolvers<void>()

  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (reader = controller),
      pull: () => stream.resume(),
      cancel: (reason) => {
        reader = undefined
        stream.abort(reason)
      },
    },
    { highWaterMark: 0 },
  )
  const writable = new WritableStream<Uint8Array>(
    {
      start: (controller) => void (writer = controller),
      write: (chunk) => {
        if (!(chunk instanceof Uint8Array)) throw new MosaikError('ERR_INVALID_OPTION', 'a byte stream takes chunks of Uint8Array only')
        const { promise } = drained // before the call: the drain may come from within
        return stream.send(chunk) ? undefined : promise
      },
      close: () => {
        writer = undefined
        stream.end()
      },
      abort: (reason) => {
        writer = undefined
        stream.abort(reason)
      },
    },
    { highWaterMark: 1 },
  )
  const drain = (): void => {
    drained.resolve()
    drained = Promise.withResolvers<void>()
  }

  stream.attach({
    onData: (chunk) => {
      if (reader === undefined) return
      reader.enqueue(chunk)
      if ((reader.desiredSize ?? 0) <= 0) stream.pause()
    },
    onDrain: drain,
    onEnd: () => {
      reader?.close()
      reader = undefined
    },
    onClose: (error) => {
      if (error === undefined) reader?.close()
      else reader?.error(error)
      reader = undefined
      writer?.error(error ?? new MosaikError('ERR_CLOSED', 'the stream has ended'))
      writer = undefined
      drain()
    },
  })
  stream.pause() // until someone reads
  return { readable, writable }
}
