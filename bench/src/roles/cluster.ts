import { createNetwork, defineStream } from '@mosaik/node'
import type { Network } from '@mosaik/node'
import { cpuSeconds, now, tell, told } from './role.ts'

/** `nodes` whole nodes in this process: how long until each knows all others, and what they cost when nothing happens. */
export async function run({ nodes, streams }: { nodes: number; streams: number }): Promise<void> {
  const before = process.memoryUsage().rss
  const begun = now()
  const networks: Network[] = []
  const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
  for (let n = 0; n < nodes; n += 1) {
    networks.push(await createNetwork('bench', { listen, discovery: { bootstrap: networks[0]?.local.addresses ?? [] } }))
  }
  await Promise.all(networks.map(({ discovery }) => discovery.catalog.until((catalog) => catalog.size === nodes - 1)))
  // `performance.timeOrigin` is when the process started, by the wall clock.
  tell({ type: 'full', sinceStart: Date.now() - performance.timeOrigin, sinceFirst: now() - begun })

  for (let n = 0; n < streams; n += 1) {
    const definition = defineStream<number>(`bench.idle.${n}`)
    networks[n % nodes]?.streams.produce(definition)
    const consumer = networks[(n + 1) % nodes]?.streams.consume(definition, { onlineWhen: { minimumOf: 1 } })
    await consumer?.when.online()
  }
  tell({ type: 'streaming' })
  const { ms } = await told<{ ms: number }>('idle')
  const cpu = cpuSeconds()
  await new Promise((resolve) => setTimeout(resolve, ms))
  tell({
    type: 'idled',
    cpu: (cpuSeconds() - cpu) / (ms / 1000),
    rss: process.memoryUsage().rss,
    grown: process.memoryUsage().rss - before,
  })
}
