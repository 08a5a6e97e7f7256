import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createMetrics, silentLogger, splitAddress } from '@mosaik/core'
import type { ByteStream, Endpoint, Metrics, PeerId } from '@mosaik/core'
import { describe, expect, it, type TestContext } from 'vitest'
import { createEndpoint } from '../src/index.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)
/** How soon a killed or stopped process must be noticed over QUIC. */
const NOTICED_MS = 4000

interface Peer {
  readonly child: ChildProcess
  readonly address: string
  readonly id: PeerId
}

async function startPeer(t: TestContext, transport: 'quic' | 'tcp'): Promise<Peer> {
  const child = fork(join(import.meta.dirname, 'support/peer-process.ts'), [transport], { execArgv: ['--conditions=@mosaik/source'] })
  t.onTestFinished(() => void child.kill('SIGKILL'))
  const [{ address }] = (await once(child, 'message')) as [{ address: string }]
  return { child, address, id: splitAddress(address).peerId! }
}

async function startEndpoint(t: TestContext, transport: 'quic' | 'tcp', metrics?: Metrics): Promise<Endpoint> {
  const listen = [transport === 'tcp' ? '/ip4/127.0.0.1/tcp/0' : '/ip4/127.0.0.1/udp/0/quic-v1']
  const endpoint = await createEndpoint('process-test', { listen, logger: silentLogger, ...(metrics === undefined ? {} : { metrics }) })
  t.onTestFinished(() => endpoint.close())
  return endpoint
}

interface Conversation {
  readonly stream: ByteStream
  readonly closed: Promise<Error | undefined>
  /** Sends and waits for the echo. */
  ask(): Promise<void>
}

async function converse(endpoint: Endpoint, address: string): Promise<Conversation> {
  const stream = await endpoint.open(address, '/echo/1.0')
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>()
  let answered: (() => void) | undefined
  stream.attach({ onData: () => answered?.(), onDrain: () => undefined, onEnd: () => undefined, onClose: resolve })
  const ask = (): Promise<void> =>
    new Promise<void>((done) => {
      answered = done
      stream.send(new Uint8Array(100))
    })
  await ask()
  return { stream, closed, ask }
}

/** Waits until the peer is gone and answers how long that took, ms. */
async function lost(endpoint: Endpoint, peer: PeerId): Promise<number> {
  const began = performance.now()
  await endpoint.connections.until((peers) => !peers.has(peer), { signal: AbortSignal.timeout(25_000 * factor) })
  return performance.now() - began
}

// Some silences take 15 s to be judged, and processes take their time to start on a busy machine.
describe('a peer in another process', { timeout: 60_000 * factor }, () => {
  it('that is killed is noticed within 4 s, and all its streams close', async (t) => {
    const peer = await startPeer(t, 'quic')
    const endpoint = await startEndpoint(t, 'quic')
    const conversations = await Promise.all(Array.from({ length: 10 }, () => converse(endpoint, peer.address)))
    peer.child.kill('SIGKILL')
    expect(await lost(endpoint, peer.id)).toBeLessThan(NOTICED_MS * factor)
    for (const { closed } of conversations) expect(await closed).toBeInstanceOf(Error)
  })

  it('that is stopped is noticed within 4 s', async (t) => {
    const peer = await startPeer(t, 'quic')
    const endpoint = await startEndpoint(t, 'quic')
    const { closed } = await converse(endpoint, peer.address)
    peer.child.kill('SIGSTOP')
    expect(await lost(endpoint, peer.id)).toBeLessThan(NOTICED_MS * factor)
    expect(await closed).toBeInstanceOf(Error)
  })

  it.concurrent('that is stopped behind TCP is dead after 15 s of silence', async (t) => {
    const peer = await startPeer(t, 'tcp')
    const metrics = createMetrics()
    const endpoint = await startEndpoint(t, 'tcp', metrics)
    const { closed } = await converse(endpoint, peer.address)
    peer.child.kill('SIGSTOP')
    expect(await lost(endpoint, peer.id)).toBeLessThan(18_000 * factor)
    expect(await closed).toBeInstanceOf(Error)
    expect(metrics.text()).toMatch(/mosaik_network_connections_suspect\{[^}]*\} 1/)
  })

  it.concurrent('whose event loop is blocked for 11 s is suspect, and survives', async (t) => {
    const peer = await startPeer(t, 'quic')
    const metrics = createMetrics()
    const endpoint = await startEndpoint(t, 'quic', metrics)
    const { ask } = await converse(endpoint, peer.address)
    const unblocked = once(peer.child, 'message')
    peer.child.send({ block: 11_000 })
    await unblocked
    await ask()
    expect(endpoint.connections.value.has(peer.id)).toBe(true)
    expect(metrics.text()).toMatch(/mosaik_network_connections_suspect\{[^}]*\} 1/)
  })

  it('is not held silent while our own event loop is blocked', async (t) => {
    const peer = await startPeer(t, 'quic')
    const metrics = createMetrics()
    const endpoint = await startEndpoint(t, 'quic', metrics)
    const { ask } = await converse(endpoint, peer.address)
    const end = performance.now() + 9000
    while (performance.now() < end);
    await ask()
    expect(metrics.text()).not.toMatch(/mosaik_network_connections_suspect\{[^}]*\} [1-9]/)
  })

  it.concurrent('that was killed and runs again at another address is found there', async (t) => {
    const peer = await startPeer(t, 'quic')
    const endpoint = await startEndpoint(t, 'quic')
    await converse(endpoint, peer.address)
    peer.child.kill('SIGKILL')
    const again = await startPeer(t, 'quic')
    await converse(endpoint, again.address)
  })

  it.concurrent('ends by itself after close', async (t) => {
    const peer = await startPeer(t, 'quic')
    const endpoint = await startEndpoint(t, 'quic')
    await converse(endpoint, peer.address)
    const exit = once(peer.child, 'exit')
    const began = performance.now()
    peer.child.send({ close: true })
    expect(await exit).toEqual([0, null])
    expect(performance.now() - began).toBeLessThan(4000 * factor)
  })
})
