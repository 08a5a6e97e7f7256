import { silentLogger } from '@mosaik/core'
import type { ByteStream, Endpoint } from '@mosaik/core'
import { expect, test } from 'vitest'
import { createEndpoint } from '../src/index.ts'

const PROTOCOL = '/yamux/1.0'
const MIB = 1024 * 1024
const ignore = (): void => undefined

async function pair(
  accept: (stream: ByteStream) => void,
): Promise<AsyncDisposable & { readonly dialer: Endpoint; readonly stream: ByteStream }> {
  const options = { listen: ['/ip4/127.0.0.1/tcp/0'], logger: silentLogger }
  const [dialer, acceptor] = await Promise.all([createEndpoint('yamux', options), createEndpoint('yamux', options)])
  acceptor.handle(PROTOCOL, accept)
  const stream = await dialer.open(acceptor.addresses[0]!, PROTOCOL)
  return { dialer, stream, [Symbol.asyncDispose]: async () => void (await Promise.all([dialer.close(), acceptor.close()])) }
}

test('who only writes to the Web face is told when there is room again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let bytes = 0
  await using two = await pair((stream) =>
    stream.attach({
      onData: (chunk) => {
        bytes += chunk.byteLength
        if (bytes === 4 * MIB) resolve()
      },
      onDrain: ignore,
      onEnd: ignore,
      onClose: ignore,
    }),
  )
  const writer = two.stream.writable.getWriter()
  for (let sent = 0; sent < 4 * MIB; sent += 65_536) await writer.write(new Uint8Array(65_536))
  await promise
})

test('what a reader that pauses in the middle of a record has not seen comes after its resume, in order', async () => {
  const { promise, resolve } = Promise.withResolvers<number[]>()
  const [seen, late]: [number[], number[]] = [[], []]
  await using two = await pair((stream) => {
    let paused = false
    stream.attach({
      onData: (chunk) => {
        if (paused) late.push(chunk.byteLength)
        seen.push(...chunk)
        if (seen.length === MIB) resolve(seen)
        if (seen.length > MIB) throw new Error('more than was sent')
        paused = true
        stream.pause()
        setImmediate(() => {
          paused = false
          stream.resume()
        })
      },
      onDrain: ignore,
      onEnd: ignore,
      onClose: ignore,
    })
  })
  const sent = Uint8Array.from({ length: MIB }, (_, i) => (i * 7) % 251)
  two.stream.send(sent)
  expect(Buffer.compare(Uint8Array.from(await promise), sent)).toBe(0)
  expect(late).toEqual([])
})

test('a writer whose peer does not read is stopped, and what waits is bounded', async () => {
  await using two = await pair((stream) => {
    stream.attach({ onData: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore })
    stream.pause()
  })
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  let sent = 0
  const send = (): void => {
    do sent += 65_536
    while (two.stream.send(new Uint8Array(65_536)))
    setTimeout(resolve, 500)
  }
  two.stream.attach({ onData: ignore, onDrain: send, onEnd: ignore, onClose: ignore })
  send()
  await asked
  expect(sent).toBeGreaterThanOrEqual(256 * 1024)
  expect(sent).toBeLessThanOrEqual(MIB + 256 * 1024 + 65_536)
})
