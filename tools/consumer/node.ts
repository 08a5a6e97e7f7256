import { createNetwork, defineStream } from '@mosaik/node'
import type { Network, NetworkOptions } from '@mosaik/node'

const Ticks = defineStream<{ n: number }>('ticks')

export async function main(signal: AbortSignal): Promise<void> {
  const options: NetworkOptions = {
    listen: ['/ip4/127.0.0.1/udp/0/quic-v1'],
    relay: 'off',
    mdns: false,
    zeroConfig: false,
    discovery: { tags: ['a'] },
    streams: {},
    signal,
  }
  await using network: Network = await createNetwork('my-app', options)
  await network.local.online({ signal })
  const consumer = network.streams.consume(Ticks, { where: { n: { gt: 3 } } })
  await network.streams.produce(Ticks).send({ n: network.local.addresses.length + network.id.length + network.local.id.length })
  // @ts-expect-error a consumer of numbers does not give text
  const text: string = (await consumer.receive()).n
  // @ts-expect-error what a stream carries is typed
  network.streams.produce(Ticks).trySend({ n: text })
  await network.discovery.syncWith(network.local.addresses[0] ?? '')
  await network.close({ timeout: '5s' })
}
