import assert from 'node:assert/strict'
import type { ByteStream } from '../../net/endpoint.ts'
import { patternBytes, record, sendAll, type Recorder } from './recorder.ts'
import { addressOf, assertEcho, closedOf, converse, ECHO, openBoth, serveEcho } from './rig.ts'
import type { EndpointCase, Rig } from './types.ts'

const MIB = 1024 * 1024

/** What a byte stream promises. */
export const streamCases: readonly EndpointCase[] = [
  {
    name: 'both ends know the peer, the protocol and the direction',
    run: async (rig) => {
      const { a, b, near, far } = await converse(rig, '/mosaik/suite/names/1.0')
      assert.deepEqual([near.peerId, near.protocol, near.direction], [b.id, '/mosaik/suite/names/1.0', 'outbound'])
      assert.deepEqual([far.peerId, far.protocol, far.direction], [a.id, '/mosaik/suite/names/1.0', 'inbound'])
    },
  },
  {
    name: 'bytes wait for a reader that attaches late',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      const sender = record(near)
      near.send(new TextEncoder().encode('early'))
      near.end()
      await rig.quiet(200)
      const reader = record(far)
      await rig.wait(
        reader.until((seen) => seen.ended),
        'the bytes and the end',
      )
      assert.equal(reader.text(), 'early')
      far.end()
      await rig.wait(Promise.all([closedOf(reader), closedOf(sender)]), 'both ends to close')
    },
  },
  {
    name: 'a reset by the dialer is not an end',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      await assertReset(rig, near, far)
    },
  },
  {
    name: 'a reset by the acceptor is not an end',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      await assertReset(rig, far, near)
    },
  },
  {
    name: 'a half close lets the other direction go on',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      const [dialer, acceptor] = [record(near), record(far)]
      near.send(new TextEncoder().encode('question'))
      near.end()
      await rig.wait(
        acceptor.until((seen) => seen.ended),
        'the end of the question',
      )
      assert.equal(acceptor.text(), 'question')
      assert.deepEqual([acceptor.closed], [undefined])
      const answer = patternBytes(300_000, 7)
      await rig.wait(sendAll(far, acceptor, answer), 'room for the answer')
      far.end()
      await rig.wait(Promise.all([closedOf(dialer), closedOf(acceptor)]), 'both ends to close')
      await rig.quiet(100)
      assert.deepEqual(dialer.bytes(), answer)
      assert.equal(dialer.ended, true)
      assert.deepEqual([dialer.closed?.error, acceptor.closed?.error, dialer.closes, acceptor.closes], [undefined, undefined, 1, 1])
    },
  },
  {
    name: 'nothing is sent after the end or after an abort',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      const [dialer, acceptor] = [record(near), record(far)]
      near.send(new TextEncoder().encode('all'))
      near.end()
      near.send(new TextEncoder().encode('ignored'))
      near.end()
      await rig.wait(
        acceptor.until((seen) => seen.ended),
        'the end',
      )
      await rig.quiet(100)
      assert.equal(acceptor.text(), 'all')
      far.abort(new Error('enough'))
      far.abort()
      far.send(new TextEncoder().encode('ignored'))
      far.end()
      await rig.wait(Promise.all([closedOf(dialer), closedOf(acceptor)]), 'both ends to close')
      await rig.quiet(100)
      assert.equal(acceptor.text(), 'all')
      assert.equal(dialer.received, 0)
      assert.deepEqual([dialer.closes, acceptor.closes], [1, 1])
    },
  },
  {
    name: 'a paused reader stops the writer, and resume delivers all in order',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      const [writer, reader] = [record(near), record(far)]
      far.pause()
      const total = patternBytes(24 * MIB, 3)
      let accepted = 0
      const writing = writeCounted(near, writer, total, (bytes) => (accepted += bytes))
      await stalled(rig, () => accepted)
      assert.ok(accepted < total.length, 'the writer was never stopped')
      assert.ok(accepted <= 8 * MIB, `${accepted} bytes were taken for a reader that takes none`)
      assert.equal(reader.received, 0)
      far.resume()
      await rig.wait(writing, 'room for the rest', 15_000)
      near.end()
      await rig.wait(
        reader.until((seen) => seen.ended),
        'the end',
        15_000,
      )
      assert.ok(Buffer.from(total).equals(reader.bytes()), 'the bytes differ')
    },
  },
  {
    name: 'a stopped stream does not stop the others of its connection',
    run: async (rig) => {
      const { a, b, near, far } = await converse(rig)
      const writer = record(near)
      record(far)
      far.pause()
      let accepted = 0
      void writeCounted(near, writer, patternBytes(8 * MIB, 5), (bytes) => (accepted += bytes))
      await stalled(rig, () => accepted)
      serveEcho(b)
      await assertEcho(rig, a, b.id, 'passing by')
      near.abort()
    },
  },
  {
    name: '8 MiB both ways at once arrive whole',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      const [dialer, acceptor] = [record(near), record(far)]
      const [there, back] = [patternBytes(8 * MIB, 11), patternBytes(8 * MIB, 13)]
      const sending = Promise.all([sendAll(near, dialer, there, 100_003), sendAll(far, acceptor, back, 65_537)])
      await rig.wait(sending, 'room for all', 20_000)
      near.end()
      far.end()
      await rig.wait(Promise.all([closedOf(dialer), closedOf(acceptor)]), 'both ends to close', 20_000)
      assert.ok(Buffer.from(there).equals(acceptor.bytes()), 'the bytes there differ')
      assert.ok(Buffer.from(back).equals(dialer.bytes()), 'the bytes back differ')
    },
  },
  {
    name: 'the web streams carry bytes and the end',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      const sent = patternBytes(MIB, 17)
      const write = async (stream: ByteStream): Promise<void> => {
        const writer = stream.writable.getWriter()
        for (let at = 0; at < sent.length; at += 50_000) await writer.write(sent.slice(at, at + 50_000))
        await writer.close()
      }
      const read = async (stream: ByteStream): Promise<Uint8Array> => {
        const chunks: Uint8Array[] = []
        for await (const chunk of stream.readable) chunks.push(chunk)
        return Buffer.concat(chunks)
      }
      const all = Promise.all([write(near), read(far), write(far), read(near)])
      const [, there, , back] = await rig.wait(all, 'all bytes through web streams', 15_000)
      assert.ok(Buffer.from(sent).equals(there), 'the bytes there differ')
      assert.ok(Buffer.from(sent).equals(back), 'the bytes back differ')
    },
  },
  {
    name: 'a reset is an error of the web stream',
    run: async (rig) => {
      const { near, far } = await converse(rig)
      const reading = far.readable.getReader().read()
      near.abort(new Error('gone'))
      await assert.rejects(rig.wait(reading, 'the error'), Error)
    },
  },
  {
    name: '300 streams at once on one connection',
    run: async (rig) => {
      const [a, b] = [await rig.create(), await rig.create()]
      serveEcho(b)
      await rig.wait(a.connect(addressOf(b)), 'the connection')
      const streams = await rig.wait(Promise.all(Array.from({ length: 300 }, () => a.open(b.id, ECHO))), '300 streams', 15_000)
      const recorders = streams.map((stream) => record(stream))
      for (const [i, stream] of streams.entries()) stream.send(new TextEncoder().encode(`stream ${i}`))
      for (const stream of streams) stream.end()
      await rig.wait(Promise.all(recorders.map(closedOf)), '300 answers', 15_000)
      for (const [i, recorder] of recorders.entries()) assert.equal(recorder.text(), `stream ${i}`)
      assert.equal(a.connections.value.size, 1)
    },
  },
  {
    name: 'an accept handler that throws harms only its stream',
    run: async (rig) => {
      const { a, b, near, far } = await converse(rig)
      const [dialer, acceptor] = [record(near), record(far)]
      b.handle('/mosaik/suite/throws/1.0', () => {
        throw new Error('a bug in a handler')
      })
      await rig.wait(thrownAt(a.open(b.id, '/mosaik/suite/throws/1.0')), 'the end of the stream')
      serveEcho(b)
      await assertEcho(rig, a, b.id, 'unharmed')
      near.send(new TextEncoder().encode('still open'))
      await rig.wait(
        acceptor.until((seen) => seen.received === 10),
        'bytes on the other stream',
      )
      assert.equal(dialer.closed, undefined)
    },
  },
  {
    name: 'a second stream of one protocol is another conversation',
    run: async (rig) => {
      const { a, b, near, far } = await converse(rig)
      const first = record(far)
      record(near)
      const [other, otherFar] = await openBoth(rig, a, b, '/mosaik/suite/talk/1.0')
      record(other)
      const second = record(otherFar)
      near.send(new TextEncoder().encode('one'))
      other.send(new TextEncoder().encode('two'))
      await rig.wait(Promise.all([first.until((seen) => seen.received === 3), second.until((seen) => seen.received === 3)]), 'both')
      assert.deepEqual([first.text(), second.text()], ['one', 'two'])
    },
  },
]

/** `from` sends and aborts; `to` must learn of a reset, and of no end. */
async function assertReset(rig: Rig, from: ByteStream, to: ByteStream): Promise<void> {
  const [here, there] = [record(from), record(to)]
  to.send(new TextEncoder().encode('begin'))
  await rig.wait(
    here.until((seen) => seen.received > 0),
    'the first bytes',
  )
  from.send(patternBytes(100_000, 1))
  from.abort(new Error('cut'))
  await rig.wait(Promise.all([closedOf(here), closedOf(there)]), 'both ends to close')
  await rig.quiet(100)
  assert.equal(there.ended, false, 'the reset looked like an end')
  assert.ok(there.closed?.error instanceof Error, 'the reset came without an error')
  assert.ok(here.closed?.error instanceof Error, 'the abort closed without an error')
  assert.deepEqual([here.closes, there.closes], [1, 1])
}

/** A handler that throws may be seen as a refused open or as a reset. */
async function thrownAt(opening: Promise<ByteStream>): Promise<void> {
  const stream = await opening.catch(() => undefined)
  if (stream === undefined) return
  const recorder = record(stream)
  await closedOf(recorder)
  assert.ok(recorder.closed?.error instanceof Error, 'the stream of a broken handler ended cleanly')
}

/** Waits until `count` has not grown for half a second. */
async function stalled(rig: Rig, count: () => number): Promise<void> {
  for (let before = -1; before !== count(); await rig.quiet(500)) before = count()
}

async function writeCounted(stream: ByteStream, recorder: Recorder, bytes: Uint8Array, taken: (bytes: number) => void): Promise<void> {
  for (let at = 0; at < bytes.length; at += MIB / 16) {
    const piece = bytes.subarray(at, at + MIB / 16)
    await sendAll(stream, recorder, piece, MIB / 16)
    taken(piece.length)
  }
}
