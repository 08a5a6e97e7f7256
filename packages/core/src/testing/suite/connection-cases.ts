import assert from 'node:assert/strict'
import { generateSecretKey } from '../../identity/secret-key.ts'
import { verify } from '../../identity/sign.ts'
import type { ByteStream, Endpoint } from '../../net/endpoint.ts'
import { patternBytes, record } from './recorder.ts'
import {
  addressOf,
  assertCode,
  assertEcho,
  closedOf,
  converse,
  ECHO,
  isConnected,
  isGone,
  openBoth,
  plainAddressOf,
  serveEcho,
} from './rig.ts'
import type { EndpointCase, Rig } from './types.ts'

const TALK = '/mosaik/suite/talk/1.0'
/** A killed peer is noticed within 4 s; a busy machine gets some more. */
const NOTICED_MS = 8000

/** The life of a connection and of an endpoint. */
export const connectionCases: readonly EndpointCase[] = [
  {
    name: 'simultaneous dials end in one connection, and streams survive',
    run: async (rig) => {
      const [a, b] = [await rig.create(), await rig.create()]
      serveEcho(a)
      serveEcho(b)
      const opening = Promise.all([
        a.open(addressOf(b), ECHO),
        b.open(addressOf(a), ECHO),
        a.connect(addressOf(b)),
        b.connect(addressOf(a)),
      ])
      const [there, back] = await rig.wait(opening, 'both dials', 12_000)
      const recorders = [record(there), record(back)]
      await rig.quiet(1000)
      assert.deepEqual([[...a.connections.value], [...b.connections.value]], [[b.id], [a.id]])
      there.send(new TextEncoder().encode('there'))
      back.send(new TextEncoder().encode('back!'))
      await rig.wait(Promise.all(recorders.map((recorder) => recorder.until((seen) => seen.received === 5))), 'both echoes')
      assert.deepEqual([recorders[0]?.closed, recorders[1]?.closed], [undefined, undefined])
    },
  },
  {
    name: 'disconnect says goodbye: both sides drop the peer and 10 of 10 streams are reset',
    run: async (rig) => {
      const { a, b, recorders } = await tenStreams(rig)
      await rig.wait(a.disconnect(b.id), 'the goodbye')
      await rig.wait(Promise.all([isGone(a, b.id), isGone(b, a.id)]), 'both sides to drop the connection', 2500)
      await assertAllReset(rig, recorders)
      serveEcho(b)
      await assertEcho(rig, a, addressOf(b), 'and again')
    },
  },
  {
    name: 'release ends an idle connection that this side opened, and no other',
    run: async (rig) => {
      const [a, b] = [await rig.create(), await rig.create()]
      serveEcho(b)
      await rig.wait(a.connect(addressOf(b)), 'the connection')
      await rig.wait(isConnected(b, a.id), 'the connection at the other side')
      b.release(a.id)
      const stream = await rig.wait(a.open(b.id, ECHO), 'a stream')
      const recorder = record(stream)
      a.release(b.id)
      await rig.quiet(500)
      assert.deepEqual([[...a.connections.value], [...b.connections.value], recorder.closed], [[b.id], [a.id], undefined])
      stream.end()
      await rig.wait(closedOf(recorder), 'the end of the stream')
      await rig.quiet(200)
      a.release(b.id)
      await rig.wait(Promise.all([isGone(a, b.id), isGone(b, a.id)]), 'both sides to drop the connection', 2500)
      await assertEcho(rig, a, addressOf(b), 'and again')
    },
  },
  {
    name: 'a killed peer is noticed, and 10 of 10 streams close',
    needs: 'kill',
    run: async (rig) => {
      const { a, b, recorders } = await tenStreams(rig)
      await rig.kill(b)
      await rig.wait(isGone(a, b.id), 'the connection to be dropped', NOTICED_MS)
      await assertAllReset(rig, recorders.slice(0, 10))
    },
  },
  {
    name: 'a restarted peer replaces its old connection',
    needs: 'kill',
    run: async (rig) => {
      const secretKey = generateSecretKey()
      const [a, old] = [await rig.create(), await rig.create({ secretKey })]
      const [near] = await openBoth(rig, a, old, TALK)
      const recorder = record(near)
      await rig.kill(old)
      const b = await rig.create({ secretKey })
      serveEcho(a)
      await assertEcho(rig, b, addressOf(a), 'back again')
      await rig.wait(closedOf(recorder), 'the old stream to close', NOTICED_MS)
      assert.ok(recorder.closed?.error instanceof Error)
      await rig.wait(isConnected(a, b.id), 'the new connection')
      serveEcho(b)
      await assertEcho(rig, a, b.id, 'welcome')
    },
  },
  {
    name: 'close delivers what was sent, and tells the others',
    run: async (rig) => {
      const { a, b, near, far } = await converse(rig)
      const [writer, reader] = [record(near), record(far)]
      const sent = patternBytes(400_000, 23)
      near.send(sent)
      near.end()
      await rig.wait(a.close(), 'the close')
      await rig.wait(Promise.all([closedOf(writer), closedOf(reader), isGone(b, a.id)]), 'all to end', 3000)
      assert.equal(reader.received, sent.length)
      assert.equal(reader.ended, true)
    },
  },
  {
    name: 'close is idempotent and rejects what waits and what comes later',
    run: async (rig) => {
      const [a, b, gone] = [await rig.create(), await rig.create(), await rig.create()]
      const dead = addressOf(gone)
      await rig.wait(gone.close(), 'the close')
      // Called in one turn: some transports refuse a dead address at once.
      const calls = [a.open(dead, ECHO), a.connect(addressOf(b)), a.connections.changed()]
      const cut = Promise.all(calls.map((call) => assertCode(rig, call, 'ERR_CLOSED')))
      await rig.wait(Promise.all([a.close(), a.close(), cut]), 'the close')
      await rig.wait(a.close(), 'the second close')
      await assertCode(rig, a.open(addressOf(b), ECHO), 'ERR_CLOSED')
      await assertCode(rig, a.connect(addressOf(b)), 'ERR_CLOSED')
      assert.equal(a.connections.value.size, 0)
    },
  },
  {
    name: 'endpoints of one process do not notice each other',
    run: async (rig) => {
      const [a, b] = [await rig.create(), await rig.create()]
      serveEcho(a)
      serveEcho(b)
      await rig.quiet(500)
      assert.notEqual(a.id, b.id)
      assert.equal(a.networkId, b.networkId)
      assert.deepEqual([a.connections.value.size, b.connections.value.size], [0, 0])
      await rig.wait(a.close(), 'the close')
      const c = await rig.create()
      await assertEcho(rig, c, addressOf(b), 'untouched')
    },
  },
  {
    name: 'a connection serves both directions without another dial',
    run: async (rig) => {
      const [a, b] = [await rig.create(), await rig.create()]
      await rig.wait(a.connect(addressOf(b)), 'the connection')
      await rig.wait(isConnected(b, a.id), 'the other side')
      serveEcho(a)
      await assertEcho(rig, b, a.id, 'backwards')
      assert.equal(await rig.wait(b.connect(plainAddressOf(a)), 'the same connection'), a.id)
      await rig.quiet(500)
      assert.deepEqual([a.connections.value.size, b.connections.value.size], [1, 1])
    },
  },
  {
    name: 'signatures are checked by the peer id',
    run: async (rig) => {
      const [a, b] = [await rig.create(), await rig.create()]
      const bytes = patternBytes(100, 5)
      const signature = a.sign(bytes)
      assert.equal(verify(a.id, bytes, signature), true)
      assert.equal(verify(b.id, bytes, signature), false)
      assert.equal(verify(a.id, patternBytes(100, 6), signature), false)
    },
  },
]

interface TenStreams {
  readonly a: Endpoint
  readonly b: Endpoint
  /** The ten ends at `a`, then the ten at `b`. */
  readonly recorders: readonly ReturnType<typeof record>[]
}

async function tenStreams(rig: Rig): Promise<TenStreams> {
  const [a, b] = [await rig.create(), await rig.create()]
  const pairs: [ByteStream, ByteStream][] = []
  for (let i = 0; i < 10; i++) pairs.push(await openBoth(rig, a, b, TALK))
  return { a, b, recorders: [...pairs.map(([near]) => record(near)), ...pairs.map(([, far]) => record(far))] }
}

async function assertAllReset(rig: Rig, recorders: TenStreams['recorders']): Promise<void> {
  await rig.wait(Promise.all(recorders.map(closedOf)), `${recorders.length} of ${recorders.length} streams to close`)
  for (const recorder of recorders) assert.ok(recorder.closed?.error instanceof Error, 'a stream of a lost connection ended cleanly')
}
