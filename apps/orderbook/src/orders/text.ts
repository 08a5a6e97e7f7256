import { constants, createReadStream, fstat, open } from 'node:fs'
import { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { promisify } from 'node:util'

/** A file in pieces, as text. Throws what the file system throws, and `AbortError`. */
export async function* textOf(file: string, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
  // Whoever opens or reads a pipe as a file waits on a thread, which nothing can call back, not even the end of the process.
  const fd = await promisify(open)(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const isPipe = (await promisify(fstat)(fd)).isFIFO()
  const stream = isPipe
    ? new Socket({ fd, readable: true, writable: false }).setEncoding('utf8')
    : createReadStream('', { fd, encoding: 'utf8' })
  if (signal !== undefined) addAbortSignal(signal, stream)
  yield* stream as AsyncIterable<string>
}
