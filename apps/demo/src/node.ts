/** One process of the demo: a node that produces or consumes, and reports what it sees over IPC. */
import { setTimeout as delay } from 'node:timers/promises'
import { createNetwork, defineStream } from '@mosaik/node'
import type { ChannelInfo, Network } from '@mosaik/node'
import type { ChannelCount, Order, Reading, Received, Report } from './messages.ts'
import { Sequence } from './sequence.ts'

const Readings = defineStream<Reading>('demo.readings')
const STATUS_EVERY_MS = 200
const SEND_EVERY_MS = 4

const [role = '', name = '', bootstrap = ''] = process.argv.slice(2)
const report = (message: Report): void => void process.send?.(message)
const stopped = new AbortController()
process.on('message', (order: Order) => {
  if (order.type === 'stop') stopped.abort()
})
const orphaned = (): never => process.exit(1)
process.once('disconnect', orphaned)

const network = await createNetwork('mosaik-demo', {
  listen: ['/ip4/127.0.0.1/udp/0/quic-v1'],
  discovery: { bootstrap, tags: [role, name] },
})
report({ type: 'ready', peerId: network.local.id, addresses: network.local.addresses })
await (role === 'producer' ? produce(network) : consume(network))
await network.close()
process.off('disconnect', orphaned)
process.disconnect?.()

async function produce({ discovery, streams }: Network): Promise<void> {
  const producer = streams.produce(Readings)
  const channels = new Map<string, ChannelInfo>()
  const status = (): void => {
    for (const channel of producer.consumers) channels.set(channel.peerId, channel)
    const sent: ChannelCount[] = [...channels.values()].map(({ peerId, stats }) => ({ peerId, datums: stats.datums }))
    report({ type: 'status', known: discovery.catalog.value.size, sent, received: [], connected: producer.consumers.length })
  }
  const ticker = setInterval(status, STATUS_EVERY_MS)
  const { signal } = stopped
  for (let n = 0; !signal.aborted; n += 1) {
    // An aborted send has not been sent, so the count stays true.
    await producer.send({ from: name, n }, { signal }).catch(() => undefined)
    await delay(SEND_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
  status()
  await producer.close()
  clearInterval(ticker)
  status()
}

async function consume({ discovery, streams }: Network): Promise<void> {
  const consumer = streams.consume(Readings)
  const sequences = new Map<string, Sequence>()
  const status = (): void => {
    const received: Received[] = [...sequences].map(([from, sequence]) => sequence.counts(from))
    const connected = consumer.producers.filter(({ state }) => state === 'connected').length
    report({ type: 'status', known: discovery.catalog.value.size, sent: [], received, connected })
  }
  const ticker = setInterval(status, STATUS_EVERY_MS)
  stopped.signal.addEventListener('abort', () => void consumer.close())
  for await (const reading of consumer) {
    const sequence = sequences.get(reading.from) ?? new Sequence()
    sequences.set(reading.from, sequence.take(reading))
  }
  clearInterval(ticker)
  status()
}
