import { createEndpoint } from '@mosaik/libp2p'
import { connect, createServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { serveLoads } from './load.ts'
import { tell } from './role.ts'

// The least that replication takes: a leader that copies what clients send to two followers, batch by batch, and answers when
// one of them has it. No terms, no elections, no codec, no log. What a group reaches of this is what all the rest costs.

const ITEM_BYTES = 256
const COUNT_BYTES = 6

/** Bytes to somewhere and back. */
interface Pipe {
  send(bytes: Uint8Array): void
}
type OnPipe = (pipe: Pipe) => (chunk: Uint8Array) => void

export interface CeilingOptions {
  readonly part: 'client' | 'leader' | 'follower'
  /** Whom to connect to: the leader, for a client; the followers, for a leader. */
  readonly to: readonly string[]
  /** With a certificate it is TLS 1.3 over TCP; otherwise our QUIC endpoint. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

export async function run({ part, to, tls }: CeilingOptions): Promise<void> {
  const net = await (tls === undefined ? quic() : overTls(tls))
  let address: string | undefined
  if (part === 'follower') address = await net.listen((pipe) => counted(ITEM_BYTES, (count) => answer(pipe, count)))
  else if (part === 'leader') address = await lead(net, to)
  else await call(net, to[0] as string)
  tell({ type: 'ready', address })
}

/** A client's items go to both followers; its count comes back as soon as one of them has told it. */
async function lead(net: Net, followers: readonly string[]): Promise<string> {
  let client: Pipe | undefined
  let acknowledged = 0
  const pipes = await Promise.all(
    followers.map((address) =>
      net.open(address, () =>
        totals((total) => {
          if (total <= acknowledged || client === undefined) return
          acknowledged = total
          answer(client, total)
        }),
      ),
    ),
  )
  return net.listen((pipe) => {
    client = pipe
    return (chunk) => {
      for (const each of pipes) each.send(chunk)
    }
  })
}

async function call(net: Net, leader: string): Promise<void> {
  const waiting: (() => void)[] = []
  let acknowledged = 0
  let batch = 0
  const pipe = await net.open(leader, () =>
    totals((total) => {
      for (const resolve of waiting.splice(0, total - acknowledged)) resolve()
      acknowledged = total
    }),
  )
  const flush = (): void => {
    pipe.send(new Uint8Array(Buffer.allocUnsafeSlow(batch * ITEM_BYTES).fill(7).buffer))
    batch = 0
  }
  serveLoads({
    write: () => {
      if (batch++ === 0) setImmediate(flush)
      return new Promise<void>((resolve) => waiting.push(resolve))
    },
  })
}

/** Calls with how many items have come in all, once per chunk. */
function counted(size: number, onCount: (count: number) => void): (chunk: Uint8Array) => void {
  let bytes = 0
  return (chunk) => {
    const before = Math.floor(bytes / size)
    bytes += chunk.length
    if (Math.floor(bytes / size) > before) onCount(Math.floor(bytes / size))
  }
}

function answer(pipe: Pipe, count: number): void {
  const bytes = Buffer.alloc(COUNT_BYTES)
  bytes.writeUIntBE(count, 0, COUNT_BYTES)
  pipe.send(new Uint8Array(bytes))
}

/** Of a stream of counts, the last complete one of each chunk. */
function totals(onTotal: (total: number) => void): (chunk: Uint8Array) => void {
  let rest: Uint8Array = new Uint8Array(0)
  return (chunk) => {
    const all = Buffer.concat([rest, chunk])
    const whole = all.length - (all.length % COUNT_BYTES)
    rest = Uint8Array.from(all.subarray(whole))
    if (whole > 0) onTotal(all.readUIntBE(whole - COUNT_BYTES, COUNT_BYTES))
  }
}

interface Net {
  listen(onPipe: OnPipe): Promise<string>
  open(address: string, onPipe: OnPipe): Promise<Pipe>
}

async function quic(): Promise<Net> {
  const endpoint = await createEndpoint('bench', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] })
  const attach = (stream: Awaited<ReturnType<typeof endpoint.open>>, onPipe: OnPipe): Pipe => {
    const pipe = { send: (bytes: Uint8Array): void => void stream.send(bytes) }
    stream.attach({ onData: onPipe(pipe), onDrain: () => {}, onEnd: () => {}, onClose: () => {} })
    return pipe
  }
  return {
    listen: async (onPipe) => {
      endpoint.handle('/bench/ceiling', (stream) => void attach(stream, onPipe))
      return endpoint.addresses[0] as string
    },
    open: async (address, onPipe) => attach(await endpoint.open(address, '/bench/ceiling'), onPipe),
  }
}

async function overTls(identity: { readonly key: string; readonly cert: string }): Promise<Net> {
  const attach = (socket: TLSSocket, onPipe: OnPipe): Pipe => {
    socket.setNoDelay(true)
    const pipe = { send: (bytes: Uint8Array): void => void socket.write(bytes) }
    socket.on('data', onPipe(pipe))
    socket.on('error', () => {})
    return pipe
  }
  return {
    listen: (onPipe) =>
      new Promise((resolve) => {
        const server = createServer({ ...identity, minVersion: 'TLSv1.3' }, (socket) => void attach(socket, onPipe))
        server.listen(0, '127.0.0.1', () => resolve(String((server.address() as AddressInfo).port)))
      }),
    open: (port, onPipe) =>
      new Promise((resolve) => {
        const socket = connect({ port: Number(port), host: '127.0.0.1', ca: identity.cert, checkServerIdentity: () => undefined }, () =>
          resolve(attach(socket, onPipe)),
        )
      }),
  }
}
