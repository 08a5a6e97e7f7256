import { seededPrng, silentLogger, MosaikError } from '@mosaik/core'
import type { Endpoint, Prng } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { createEndpoint, type EndpointOptions } from '../src/index.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)
const NODES = 5
const WORKERS = 8
const CHURN_MS = 2500
const CLOSE_MS = 4000
const ECHO = '/churn/1.0'
const ignore = (): void => undefined

/** Opens, talks, aborts, disconnects, dials crosswise, closes and starts again, at random and all at once. */
async function churn(create: () => Promise<Endpoint>, prng: Prng): Promise<Record<string, number>> {
  const pick = (n: number): number => prng.uint32() % n
  const counts: Record<string, number> = {}
  const restarting = new Set<number>()
  const nodes = await Promise.all(Array.from({ length: NODES }, create))
  for (const node of nodes) serve(node, pick)
  const end = performance.now() + CHURN_MS

  const act = async (): Promise<string> => {
    const i = pick(NODES)
    const [a, b] = [nodes[i]!, nodes[(i + 1 + pick(NODES - 1)) % NODES]!]
    const action = pick(10)
    if (action < 6) {
      await talk(a, b, pick)
      return 'talked'
    }
    if (action < 8) {
      await a.disconnect(b.id)
      return 'disconnected'
    }
    if (action < 9 || restarting.has(i)) {
      await Promise.all([a.connect(b.addresses[0]!), b.connect(a.addresses[0]!)])
      return 'crossed'
    }
    restarting.add(i)
    nodes[i] = await create()
    serve(nodes[i], pick)
    const began = performance.now()
    await a.close()
    expect(performance.now() - began).toBeLessThan(CLOSE_MS * factor)
    restarting.delete(i)
    return 'restarted'
  }
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const outcome = await act().catch((error: unknown) => {
        // What another worker does to the same nodes at that moment is told as such, and in no other way.
        if (MosaikError.is(error)) return error.code
        throw error
      })
      counts[outcome] = (counts[outcome] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
  await Promise.all(nodes.map((node) => node.close()))
  return counts
}

function serve(node: Endpoint, pick: (n: number) => number): void {
  node.handle(ECHO, (stream) => {
    stream.attach({
      onData: (chunk) => {
        if (pick(40) === 0) stream.abort()
        else stream.send(chunk)
      },
      onDrain: ignore,
      onEnd: () => stream.end(),
      onClose: ignore,
    })
  })
}

async function talk(a: Endpoint, b: Endpoint, pick: (n: number) => number): Promise<void> {
  const stream = await a.open(b.addresses[0]!, ECHO)
  await new Promise<void>((resolve) => {
    let chunks = 0
    stream.attach({
      onData: (chunk) => {
        if (++chunks < pick(20)) stream.send(chunk)
        else if (pick(2) === 0) stream.end()
        else stream.abort()
      },
      onDrain: ignore,
      onEnd: () => stream.end(),
      onClose: () => resolve(),
    })
    stream.send(new Uint8Array(1 + pick(100_000)))
  })
}

describe.concurrent('churn: nothing escapes, every wait settles, every close ends', () => {
  let counter = 0
  const transports: Record<string, () => EndpointOptions> = {
    QUIC: () => ({ listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] }),
    'TCP with TLS': () => ({ listen: ['/ip4/127.0.0.1/tcp/0'], encryption: 'tls' }),
    memory: () => ({ listen: [`/memory/churn-${++counter}`] }),
  }
  it.each(Object.entries(transports))('%s', async (name, options) => {
    const counts = await churn(() => createEndpoint(`churn ${name}`, { logger: silentLogger, ...options() }), seededPrng(name))
    for (const outcome of ['talked', 'disconnected', 'crossed']) expect(counts[outcome], JSON.stringify(counts)).toBeGreaterThan(0)
  })
})
