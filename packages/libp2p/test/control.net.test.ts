import { createMetrics, generateSecretKey, networkProof, silentLogger, uniqueId } from '@mosaik/core'
import type { ByteStream, Endpoint, PeerId } from '@mosaik/core'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { describe, expect, it, vi, type TestContext } from 'vitest'
import { decodeControl, encodeControl, type ControlFrame } from '../src/control/frames.ts'
import { createEndpoint, type EndpointOptions } from '../src/index.ts'
import { MIN_ANSWER_MS } from '../src/logic/liveness.ts'
import { quic } from '../src/quic/transport.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)
const NETWORK = 'control-test'
const CONTROL = '/mosaik/control/1.0'
const ECHO = '/echo/1.0'

async function startEndpoint(t: TestContext, options: EndpointOptions = {}): Promise<Endpoint> {
  const endpoint = await createEndpoint(NETWORK, { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], logger: silentLogger, ...options })
  t.onTestFinished(() => endpoint.close())
  return endpoint
}

/** A plain libp2p node, which speaks nothing of Mosaik by itself. */
async function startStranger(t: TestContext): Promise<Libp2p> {
  const node = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] },
    transports: [quic()],
    connectionMonitor: { enabled: false },
  })
  t.onTestFinished(async () => node.stop())
  return node
}

const dial = (node: Libp2p, endpoint: Endpoint): Promise<Connection> => node.dial(multiaddr(endpoint.addresses[0]!))
const gone = (connection: Connection): Promise<void> =>
  new Promise((resolve) => connection.addEventListener('close', () => resolve(), { once: true }))
const ended = (stream: Stream): Promise<void> => new Promise((resolve) => stream.addEventListener('close', () => resolve(), { once: true }))

/** The control frames that come on a stream. */
function framesOf(stream: Stream): ControlFrame[] {
  const frames: ControlFrame[] = []
  let carry = Buffer.alloc(0)
  stream.addEventListener('message', (event) => {
    carry = Buffer.concat([carry, event.data.subarray()])
    while (carry.length >= 4 && carry.length >= 4 + carry.readUInt32BE()) {
      const frame = decodeControl(carry.subarray(4, 4 + carry.readUInt32BE()))
      carry = carry.subarray(4 + carry.readUInt32BE())
      if (frame !== undefined) frames.push(frame)
    }
  })
  return frames
}

const until = (condition: () => boolean, ms = 8000): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: ms * factor, interval: 10 })

function hello(node: Libp2p, endpoint: Endpoint, changes: Partial<Extract<ControlFrame, { type: 'hello' }>> = {}): Uint8Array {
  const proof = networkProof(uniqueId(NETWORK), node.peerId.toString() as PeerId, endpoint.id)
  return encodeControl({ type: 'hello', version: 1, proof, incarnation: '07'.repeat(16), attempt: 1, upgrade: false, ...changes })
}

describe.concurrent('the control stream', () => {
  it('cuts off who dials and stays silent', async (t) => {
    const metrics = createMetrics()
    const endpoint = await startEndpoint(t, { metrics })
    const connection = await dial(await startStranger(t), endpoint)
    const began = performance.now()
    await gone(connection)
    expect(performance.now() - began).toBeGreaterThan(8000)
    expect(metrics.text()).toMatch(/mosaik_network_connections_refused\{[^}]*reason="silent"[^}]*\} 1/)
  })

  it('resets streams of who has not said hello, and never shows them to a handler', async (t) => {
    const endpoint = await startEndpoint(t)
    const accepted: ByteStream[] = []
    endpoint.handle(ECHO, (stream) => accepted.push(stream))
    const connection = await dial(await startStranger(t), endpoint)
    let reset = 0
    const opening = Array.from({ length: 70 }, async () => ended(await connection.newStream(ECHO, { maxOutboundStreams: 100 })))
    for (const one of opening) void one.catch(() => undefined).finally(() => reset++) // Reset before or after it was negotiated.
    await until(() => reset === 6)
    expect(accepted).toHaveLength(0)
    connection.abort(new Error('done'))
  })

  it('answers a hello, and a beat, but not every one of a flood', async (t) => {
    const endpoint = await startEndpoint(t)
    const stranger = await startStranger(t)
    const connection = await dial(stranger, endpoint)
    const control = await connection.newStream(CONTROL)
    const frames = framesOf(control)
    control.send(hello(stranger, endpoint))
    const beat = encodeControl({ type: 'beat' })
    control.send(Buffer.concat(Array.from({ length: 100 }, () => beat)))
    await until(() => frames.length >= 2)
    await new Promise((resolve) => setTimeout(resolve, MIN_ANSWER_MS))
    control.send(beat)
    await until(() => frames.length >= 3)
    expect(frames.map(({ type }) => type)).toEqual(['ack', 'beat', 'beat'])
    expect(endpoint.connections.value.has(stranger.peerId.toString() as PeerId)).toBe(true)
  })

  it('hands over streams that came with the hello', async (t) => {
    const endpoint = await startEndpoint(t)
    const accepted: ByteStream[] = []
    endpoint.handle(ECHO, (stream) => accepted.push(stream))
    const stranger = await startStranger(t)
    const connection = await dial(stranger, endpoint)
    await connection.newStream(ECHO)
    const control = await connection.newStream(CONTROL)
    control.send(hello(stranger, endpoint))
    await until(() => accepted.length === 1)
    expect(accepted[0]?.peerId).toBe(stranger.peerId.toString())
  })

  it.for<[string, Partial<Extract<ControlFrame, { type: 'hello' }>>, number]>([
    ['another network', { proof: uniqueId('no proof') }, 101],
    ['another version', { version: 2 }, 400],
  ])('refuses %s with its reason', async ([, changes, code], t) => {
    const endpoint = await startEndpoint(t)
    const stranger = await startStranger(t)
    const connection = await dial(stranger, endpoint)
    const control = await connection.newStream(CONTROL)
    const frames = framesOf(control)
    control.send(hello(stranger, endpoint, changes))
    await gone(connection)
    expect(frames).toEqual([{ type: 'refuse', code, detail: expect.any(String) }])
    expect(endpoint.connections.value.size).toBe(0)
  })

  it.for<[string, Uint8Array]>([
    ['an oversized frame', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ['a truncated hello', Uint8Array.of(0, 0, 0, 3, 1, 1, 1)],
    ['an empty frame', Uint8Array.of(0, 0, 0, 0)],
    ['an ack to nothing', encodeControl({ type: 'ack', version: 1, proof: uniqueId('x'), incarnation: '00'.repeat(16), crossing: 0 })],
  ])('ends the connection at %s', async ([, bytes], t) => {
    const endpoint = await startEndpoint(t)
    const connection = await dial(await startStranger(t), endpoint)
    const control = await connection.newStream(CONTROL)
    control.send(bytes)
    await gone(connection)
    expect(endpoint.connections.value.size).toBe(0)
  })

  it('skips frames of types to come', async (t) => {
    const endpoint = await startEndpoint(t)
    const stranger = await startStranger(t)
    const connection = await dial(stranger, endpoint)
    const control = await connection.newStream(CONTROL)
    const frames = framesOf(control)
    control.send(Uint8Array.of(0, 0, 0, 2, 99, 1))
    control.send(hello(stranger, endpoint))
    await until(() => frames[0]?.type === 'ack')
  })

  it('has no second one', async (t) => {
    const endpoint = await startEndpoint(t)
    const stranger = await startStranger(t)
    const connection = await dial(stranger, endpoint)
    const control = await connection.newStream(CONTROL)
    control.send(hello(stranger, endpoint))
    const second = connection.newStream(CONTROL).then(ended)
    await second.catch(() => undefined) // Reset before or after it was negotiated.
    expect(connection.status).toBe('open')
  })

  it('a peer that does not speak Mosaik is unreachable, and says so', async (t) => {
    const endpoint = await startEndpoint(t)
    const stranger = await startStranger(t)
    await expect(endpoint.connect(stranger.getMultiaddrs()[0]!.toString())).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: expect.stringContaining('does not speak Mosaik'),
    })
  })

  it('lets a run with the same key replace the one before, at once', async (t) => {
    const secretKey = generateSecretKey()
    const [center, first] = [await startEndpoint(t), await startEndpoint(t, { secretKey })]
    const opened = new Promise<ByteStream>((resolve) => center.handle(ECHO, resolve))
    await first.open(center.addresses[0]!, ECHO)
    const stream = await opened
    const closed = new Promise<Error | undefined>((resolve) =>
      stream.attach({ onData: () => undefined, onDrain: () => undefined, onEnd: () => undefined, onClose: resolve }),
    )
    const second = await startEndpoint(t, { secretKey })
    await second.connect(center.addresses[0]!)
    expect(await closed).toBeInstanceOf(Error)
    expect([...center.connections.value]).toEqual([second.id])
  })

  it('says goodbye: the other side knows at once, and what was sent arrives', async (t) => {
    const [a, b] = [await startEndpoint(t), await startEndpoint(t)]
    let bytes = 0
    b.handle(ECHO, (stream) =>
      stream.attach({
        onData: (chunk) => void (bytes += chunk.byteLength),
        onDrain: () => undefined,
        onEnd: () => undefined,
        onClose: () => undefined,
      }),
    )
    const stream = await a.open(b.addresses[0]!, ECHO)
    for (let i = 0; i < 32; i++) stream.send(new Uint8Array(64 * 1024))
    const began = performance.now()
    await a.close()
    expect(performance.now() - began).toBeLessThan(2500 * factor)
    expect(bytes).toBe(32 * 64 * 1024)
    await until(() => !b.connections.value.has(a.id), 500)
  })

  it('ends in time when a reader is stopped for ever', async (t) => {
    const [a, b] = [await startEndpoint(t), await startEndpoint(t)]
    b.handle(ECHO, (stream) => {
      stream.attach({ onData: () => undefined, onDrain: () => undefined, onEnd: () => undefined, onClose: () => undefined })
      stream.pause()
    })
    const stream = await a.open(b.addresses[0]!, ECHO)
    for (let i = 0; i < 320; i++) stream.send(new Uint8Array(64 * 1024))
    const began = performance.now()
    await a.close()
    expect(performance.now() - began).toBeLessThan(2500 * factor)
  })

  it('resets streams that nobody reads', async (t) => {
    const metrics = createMetrics()
    const [a, b] = [await startEndpoint(t), await startEndpoint(t, { metrics })]
    b.handle(ECHO, () => undefined)
    const stream = await a.open(b.addresses[0]!, ECHO)
    const closed = new Promise<Error | undefined>((resolve) =>
      stream.attach({ onData: () => undefined, onDrain: () => undefined, onEnd: () => undefined, onClose: resolve }),
    )
    expect(await closed).toBeInstanceOf(Error)
    expect(metrics.text()).toMatch(/mosaik_network_streams_refused\{[^}]*reason="unread"[^}]*\} 1/)
  })

  it('a peer has so many streams and no more', async (t) => {
    const metrics = createMetrics()
    const [a, b] = [await startEndpoint(t), await startEndpoint(t, { metrics })]
    b.handle(ECHO, (stream) =>
      stream.attach({ onData: () => undefined, onDrain: () => undefined, onEnd: () => undefined, onClose: () => undefined }),
    )
    await a.connect(b.addresses[0]!)
    let resets = 0
    const streams = await Promise.allSettled(Array.from({ length: 520 }, () => a.open(b.id, ECHO)))
    for (const outcome of streams) {
      if (outcome.status === 'rejected') resets++
      else outcome.value.attach({ onData: () => undefined, onDrain: () => undefined, onEnd: () => undefined, onClose: () => void resets++ })
    }
    await until(() => resets === 8)
    expect(metrics.text()).toMatch(/mosaik_network_streams_refused\{[^}]*reason="peer-limit"[^}]*\} 8/)
  })
})
