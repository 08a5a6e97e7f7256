import { createSocket, type Socket } from 'node:dgram'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterEach, describe, expect, it } from 'vitest'
import { QuicStream } from '../src/quic/stream.ts'
import { quic } from '../src/quic/transport.ts'
import type { Duplex } from '../src/stream/duplex.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)
const MIB = 1024 * 1024
const ECHO = '/quic-test/1'
const MANY = { maxInboundStreams: 10_000, maxOutboundStreams: 10_000 }

const nodes: Libp2p[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
  for (const socket of sockets.splice(0)) socket.close()
})

async function createNode(): Promise<Libp2p> {
  const node = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] },
    transports: [quic()],
    connectionManager: { inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 10_000 },
    connectionMonitor: { enabled: false },
  })
  nodes.push(node)
  return node
}

interface Pair {
  readonly a: Libp2p
  readonly b: Libp2p
  readonly connection: Connection
  /** Opens a stream and answers both of its ends. */
  open(): Promise<[Stream, Stream]>
}

async function connect(): Promise<Pair> {
  const [a, b] = await Promise.all([createNode(), createNode()])
  const arrivals: ((stream: Stream) => void)[] = []
  await b.handle(ECHO, (stream) => arrivals.shift()?.(stream), MANY)
  const connection = await a.dial(b.getMultiaddrs())
  const open = async (): Promise<[Stream, Stream]> => {
    const arrival = new Promise<Stream>((resolve) => arrivals.push(resolve))
    const near = await connection.newStream(ECHO, MANY)
    return [near, await arrival]
  }
  return { a, b, connection, open }
}

/** The `close` event of a stream: its error, if any. */
const closed = (stream: Stream): Promise<Error | undefined> =>
  new Promise((resolve) => stream.addEventListener('close', (event) => resolve(event.error), { once: true }))

function received(stream: Stream): { bytes: number } {
  const seen = { bytes: 0 }
  stream.addEventListener('message', (event) => void (seen.bytes += event.data.byteLength))
  return seen
}

/** The bytes below a stream of ours, as Mosaik's protocols use them. */
function pipeOf(stream: Stream): Duplex {
  if (!(stream instanceof QuicStream)) throw new Error('not a stream of the own transport')
  return stream.takePipe()
}

const until = async (condition: () => boolean): Promise<void> => {
  await expect.poll(condition, { timeout: 8000 * factor, interval: 10 }).toBe(true)
}

describe('QUIC: the face for libp2p', () => {
  it('a reset is not an end', async () => {
    const { open } = await connect()
    const [near, far] = await open()
    let ended = false
    far.addEventListener('remoteCloseWrite', () => (ended = true))
    const [atNear, atFar] = [closed(near), closed(far)]
    received(far)
    near.send(new Uint8Array(MIB))
    near.abort(new Error('cut'))
    expect(await atFar).toBeInstanceOf(Error)
    expect(await atNear).toBeInstanceOf(Error)
    expect(ended).toBe(false)
  })

  it('an idle stream hears of a reset', async () => {
    const { open } = await connect()
    const [near, far] = await open()
    const atNear = closed(near)
    far.abort(new Error('cut'))
    expect(await atNear).toBeInstanceOf(Error)
  })

  it('an end at both sides closes both without an error', async () => {
    const { open } = await connect()
    const [near, far] = await open()
    const [atNear, atFar] = [closed(near), closed(far)]
    const seen = received(far)
    far.addEventListener('remoteCloseWrite', () => void far.close())
    near.send(new Uint8Array(3 * MIB))
    await near.close()
    expect([await atNear, await atFar]).toEqual([undefined, undefined])
    expect(seen.bytes).toBe(3 * MIB)
  })

  it('closeRead stops the writer', async () => {
    const { open } = await connect()
    const [near, far] = await open()
    const atNear = closed(near)
    await far.closeRead()
    const write = (): void => {
      if (near.status === 'open') near.send(new Uint8Array(1000))
    }
    near.addEventListener('drain', write)
    write()
    await until(() => {
      write()
      return near.status !== 'open'
    })
    expect(await atNear).toBeInstanceOf(Error)
  })

  it('all of 10 streams close with their connection, at both ends', async () => {
    const { connection, open } = await connect()
    const streams = (await Promise.all(Array.from({ length: 10 }, open))).flat()
    const all = Promise.all(streams.map(closed))
    connection.abort(new Error('cut'))
    for (const error of await all) expect(error).toBeInstanceOf(Error)
  })

  it('a paused reader stops the writer, and loses nothing', async () => {
    const { open } = await connect()
    const [near, far] = await open()
    const seen = received(far)
    far.pause()
    const total = 12 * MIB
    near.send(new Uint8Array(total))
    await until(() => near.writeBufferLength > 0 && near.writeBufferLength < total)
    let before = -1
    await expect.poll(() => before === (before = near.writeBufferLength), { timeout: 8000 * factor, interval: 300 }).toBe(true)
    expect(total - near.writeBufferLength).toBeLessThan(4 * MIB)
    expect(seen.bytes).toBe(0)
    far.resume()
    await until(() => seen.bytes === total)
  })

  it('nobody listening stops the writer too', async () => {
    const { open } = await connect()
    const [near, far] = await open()
    const total = 12 * MIB
    near.send(new Uint8Array(total))
    let before = -1
    await expect.poll(() => before === (before = near.writeBufferLength), { timeout: 8000 * factor, interval: 300 }).toBe(true)
    expect(near.writeBufferLength).toBeGreaterThan(0)
    expect(far.status).toBe('open')
    const seen = received(far)
    await until(() => seen.bytes === total)
  })
})

describe('QUIC: the pipe below', () => {
  it('takes over what had arrived already, and the end', async () => {
    const { open } = await connect()
    const [near, far] = await open()
    near.send(Uint8Array.of(1, 2, 3))
    await near.close()
    await until(() => far.remoteWriteStatus === 'closed')
    const pipe = pipeOf(far)
    const heard: (string | number)[] = []
    pipe.attach({
      onData: (chunk) => heard.push(...chunk),
      onDrain: () => undefined,
      onEnd: () => heard.push('end'),
      onClosed: (error) => heard.push(error === undefined ? 'closed' : 'broken'),
    })
    pipe.resume()
    await until(() => heard.includes('end'))
    pipe.end()
    await until(() => heard.includes('closed'))
    expect(heard).toEqual([1, 2, 3, 'end', 'closed'])
  })

  it('stops its writer while it is not attached, or paused', async () => {
    const { open } = await connect()
    const [near, far] = (await open()).map(pipeOf) as [Duplex, Duplex]
    let sent = 0
    const write = (): void => {
      while (sent < 12 * MIB) {
        sent += 64 * 1024
        if (!near.send(new Uint8Array(64 * 1024))) return
      }
    }
    near.attach({ onData: () => undefined, onDrain: write, onEnd: () => undefined, onClosed: () => undefined })
    write()
    let before = -1
    await expect.poll(() => before === (before = sent), { timeout: 8000 * factor, interval: 300 }).toBe(true)
    expect(sent).toBeLessThan(4 * MIB)
    let got = 0
    far.attach({
      onData: (chunk) => void (got += chunk.byteLength),
      onDrain: () => undefined,
      onEnd: () => undefined,
      onClosed: () => undefined,
    })
    far.resume()
    await until(() => got === 12 * MIB)
  })
})

describe('QUIC: connections', () => {
  it('opens more than 256 streams, and frees those that were reset', async () => {
    const { connection, open } = await connect()
    const held: Stream[] = []
    for (let i = 0; i < 3; i++) {
      const batch = await Promise.all(Array.from({ length: 300 }, open))
      held.push(...batch.flat())
      for (const [near] of batch) near.abort(new Error('enough'))
    }
    await until(() => held.every((stream) => stream.status !== 'open'))
    expect(connection.streams.filter((stream) => stream.protocol === ECHO)).toHaveLength(0)
    await open()
  })

  it('an open beyond the limit waits for its signal, and harms nothing', async () => {
    const { connection, open } = await connect()
    const streams: Stream[] = []
    for (let i = 0; i < 8; i++) streams.push(...(await Promise.all(Array.from({ length: 128 }, open))).map(([near]) => near))
    await expect(connection.newStream(ECHO, { ...MANY, signal: AbortSignal.timeout(200) })).rejects.toThrow()
    for (const stream of streams.slice(0, 256)) stream.abort(new Error('make room')) // Room is announced in lots.
    await connection.newStream(ECHO, { ...MANY, signal: AbortSignal.timeout(8000 * factor) })
  })

  it('a dial honours its signal', async () => {
    const a = await createNode()
    const silent = await boundSocket()
    const began = performance.now()
    const address = multiaddr(`/ip4/127.0.0.1/udp/${silent.address().port}/quic-v1`)
    await expect(a.dial(address, { signal: AbortSignal.timeout(200) })).rejects.toThrow()
    expect(performance.now() - began).toBeLessThan(1500 * factor)
  })

  it('60 half-open handshakes do not hold up a good one', async () => {
    const b = await createNode()
    const port = Number(b.getMultiaddrs()[0]?.getComponents()[1]?.value)
    const dialers = await Promise.all(Array.from({ length: 6 }, createNode))
    const ends: AbortController[] = []
    for (let i = 0; i < 60; i++) {
      const end = new AbortController()
      ends.push(end)
      const via = await firstPacketOnly(port)
      dialers[i % 6]?.dial(multiaddr(`/ip4/127.0.0.1/udp/${via}/quic-v1`), { signal: end.signal }).catch(() => undefined)
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
    const good = await createNode()
    const began = performance.now()
    await good.dial(b.getMultiaddrs())
    expect(performance.now() - began).toBeLessThan(1500 * factor)
    for (const end of ends) end.abort()
  })

  it('another peer than the one dialled is refused', async () => {
    const [a, b, c] = await Promise.all([createNode(), createNode(), createNode()])
    const plain = b.getMultiaddrs()[0]!.toString().split('/p2p/')[0]!
    await expect(a.dial(multiaddr(`${plain}/p2p/${c.peerId}`))).rejects.toThrow(/another peer/)
  })

  it('listens on all interfaces and names each of them', async () => {
    const node = await createLibp2p({ addresses: { listen: ['/ip4/0.0.0.0/udp/0/quic-v1'] }, transports: [quic()] })
    nodes.push(node)
    const addresses = node.getMultiaddrs().map(String)
    expect(addresses.some((address) => address.startsWith('/ip4/127.0.0.1/udp/'))).toBe(true)
    expect(addresses.some((address) => address.includes('0.0.0.0'))).toBe(false)
  })
})

async function boundSocket(): Promise<Socket> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return socket
}

/** A way to a listener that swallows everything behind a client's first packet, so that a handshake begins and never ends. */
async function firstPacketOnly(port: number): Promise<number> {
  const [way, onward] = [await boundSocket(), await boundSocket()]
  way.once('message', (packet) => onward.send(packet, port, '127.0.0.1'))
  return way.address().port
}
