import { generateSecretKey } from '@mosaik/core'
import type { Endpoint, Logger, Metrics, PeerId, Ticket, TicketValidator } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import type { Catalog, Discovery, DiscoveryEvent, DiscoveryOptions, PeerEntry, UnsignedEntry } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import type { EndpointOptions } from '@mosaik/libp2p'
import { createStreams, defineStream } from '@mosaik/streams'
import type {
  ChannelInfo,
  Consumer,
  ConsumerOptions,
  Criteria,
  PeerCondition,
  PeerView,
  Producer,
  ProducerOptions,
  Received,
  Sent,
  Stats,
  StreamDef,
  Streams,
  When,
} from '@mosaik/streams'
import { z } from 'zod'

interface Trade {
  readonly pair: string
  readonly price: number
}

const peers: PeerCondition = { minimumOf: 2, tags: ['a', 'b'], where: (peer: PeerView) => (peer.rtt ?? 0) < 5 && peer.hasTag('x') }

/** Every option of every floor, under its name. */
export async function everyOption(logger: Logger, metrics: Metrics, signal: AbortSignal, validator: TicketValidator): Promise<Streams> {
  const listening: EndpointOptions = {
    secretKey: generateSecretKey(),
    listen: ['/ip4/127.0.0.1/udp/0/quic-v1'],
    relay: 'off',
    mdns: false,
    logger,
    metrics,
    signal,
  }
  const endpoint: Endpoint = await createEndpoint('my-app', listening)
  const relayed: EndpointOptions[] = [{ relay: { servers: ['/ip4/127.0.0.1/tcp/1'] } }, { relay: { serve: true } }]
  const finding: DiscoveryOptions = {
    bootstrap: relayed.flatMap((options) => options.listen ?? []),
    tags: 'a',
    announceInterval: '15s',
    announceJitter: 0.5,
    purgeAfter: '300s',
    maxTimeDrift: '10s',
    eventsBacklog: 100,
    dht: { bootstrap: [], serve: true, interval: '1m' },
    rttProbeInterval: '30s',
    maxRtt: 100,
  }
  const discovery: Discovery = await createDiscovery(endpoint, finding)
  const streams: Streams = createStreams(discovery, {
    backoff: { initial: '100ms', factor: 2, max: '30s', jitter: 0.1, giveUpAfter: '5m' },
  })
  const producing: ProducerOptions<Trade> = {
    onlineWhen: peers,
    require: (peer) => peer.signed,
    requireTicket: [validator],
    bufferSize: 10,
    maxConsumers: 3,
    lagging: 'drop',
    undelivered: (trade) => void trade.price,
  }
  const consuming: ConsumerOptions<Trade> = {
    require: (peer) => peer.tags.size > 0,
    requireTicket: validator,
    onlineWhen: { minimumOf: 1 },
    where: { pair: { in: ['a', 'b'] }, price: { gt: 3, lte: 9 } },
    bufferSize: 10,
    backoff: { max: 5 },
    includeLocal: true,
  }
  const Trades: StreamDef<Trade> = defineStream('trades', z.object({ pair: z.string(), price: z.number() }), {
    version: 2,
    producer: producing,
    consumer: consuming,
  })
  await trade(streams.produce(Trades, producing), streams.consume(Trades, consuming), signal)
  return streams
}

async function trade(producer: Producer<Trade>, consumer: Consumer<Trade>, signal: AbortSignal): Promise<void> {
  const when: When = producer.when
  await Promise.all([
    when.online({ signal }),
    when.subscribed({ minimumOf: 1, signal }),
    consumer.when.online(),
    consumer.when.unmet(peers),
  ])
  await producer.send({ pair: 'a', price: 4 }, { signal })
  const sent: Sent<Trade> = producer.trySend({ pair: 'a', price: 4 })
  if (!sent.ok) throw new Error(`${sent.reason} ${sent.datum.pair}`)
  const received: Received<Trade> = consumer.tryReceive()
  const one: Trade = received.ok ? received.datum : await consumer.receive({ signal })
  for await (const { price } of consumer) if (price > one.price) break
  const channels: readonly ChannelInfo[] = [...producer.consumers, ...consumer.producers]
  const stats: readonly Stats[] = [producer.stats, ...channels.map((channel) => channel.stats)]
  await channels[0]?.closed
  if (consumer.condition(peers).value && stats.length > 0 && producer.isOnline && !consumer.isOnline) await consumer.close()
  await consumer.readable.pipeTo(producer.writable)
}

export function everythingFound(discovery: Discovery, ticket: Ticket, peer: PeerId): Criteria<Trade> {
  const catalog: Catalog = discovery.catalog.value
  const entries: readonly PeerEntry[] = [...catalog, catalog.me, discovery.me]
  discovery.dial(...entries.flatMap((entry) => entry.addresses))
  discovery.addTags('a', 'b')
  discovery.removeTags('a')
  discovery.addTicket(ticket)
  discovery.replaceTicket(ticket)
  discovery.removeTicket(ticket.id)
  discovery.removeTickets('pass')
  const unsigned: UnsignedEntry = { peerId: peer, addresses: ['/ip4/127.0.0.1/udp/1/quic-v1'], tags: ['a'], tickets: [ticket] }
  const changed: readonly boolean[] = [
    discovery.insert(unsigned),
    discovery.feed(discovery.exportMe()),
    discovery.remove(peer),
    catalog.has(peer),
  ]
  discovery.clearUnsigned()
  return { price: { gte: changed.length + (discovery.rtt(peer) ?? catalog.get(peer)?.startedAt ?? catalog.size) } }
}

export async function watchAll(discovery: Discovery, signal: AbortSignal): Promise<void> {
  await discovery.syncWith('/ip4/127.0.0.1/udp/1/quic-v1', { signal })
  for await (const event of discovery.events({ signal })) react(event)
}

function react(event: DiscoveryEvent): string | number {
  switch (event.type) {
    case 'discovered':
    case 'updated':
      return event.entry.peerId
    case 'departed':
      return event.peerId
    case 'lagged':
      return event.missed
  }
}
