import type { NatsServer } from '../nats-server.ts'
import { median, short } from '../stats.ts'
import { progress, wanted } from '../table.ts'
import type { Settings, Table } from '../table.ts'
import { echoFlow, natsFlow, rawFlow, streamFlow } from './flows.ts'
import type { Flow } from './flows.ts'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const TCP = '/ip4/127.0.0.1/tcp/0'

/** Runs the contenders in turn, `runs` times, so that a noisy minute hurts all of them. */
async function interleaved(contenders: Readonly<Record<string, () => Promise<Flow>>>, runs: number): Promise<ReadonlyMap<string, readonly Flow[]>> {
  const results = new Map<string, Flow[]>()
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, measure] of Object.entries(contenders)) {
      const flow = await measure()
      progress(`  ${name} ${run}/${runs}: ${short(flow.rate)}/s  p50 ${flow.p50.toFixed(3)} ms  p99 ${flow.p99.toFixed(3)} ms`)
      results.set(name, [...(results.get(name) ?? []), flow])
    }
  }
  return results
}

const mid = (flows: readonly Flow[] | undefined, of: (flow: Flow) => number): number => (flows === undefined ? NaN : median(flows.map(of)))

export async function flowTables(settings: Settings, nats: NatsServer | undefined): Promise<readonly Table[]> {
  const tables = [oneToOne, latency, fanOut]
  const results: Table[] = []
  for (const table of tables) {
    if (!wanted(table.title, settings)) continue
    progress(table.title)
    results.push(await table(settings, nats))
  }
  return results
}

async function oneToOne({ runs, ms }: Settings, nats: NatsServer | undefined): Promise<Table> {
  const flows = await interleaved(
    {
      'bare QUIC, 64 KiB writes': () => rawFlow(QUIC, ms),
      'streams, bytes, QUIC': () => streamFlow({ listen: QUIC, items: 'bytes', consumers: 1 }, ms),
      'streams, objects, QUIC': () => streamFlow({ listen: QUIC, items: 'objects', consumers: 1 }, ms),
      'bare TCP, 64 KiB writes': () => rawFlow(TCP, ms),
      'streams, bytes, TCP': () => streamFlow({ listen: TCP, items: 'bytes', consumers: 1 }, ms),
      ...(nats !== undefined && { 'NATS core': () => natsFlow(nats.port, 1, ms) }),
    },
    runs,
  )
  const rate = (name: string): number => mid(flows.get(name), (flow) => flow.rate)
  const rows = [...flows.keys()].map((name) => {
    const floor = name.includes('TCP') ? 'bare TCP, 64 KiB writes' : 'bare QUIC, 64 KiB writes'
    return [name, short(rate(name)), name.startsWith('NATS') ? '–' : (rate(name) / rate(floor)).toFixed(2), (rate(name) / rate('NATS core')).toFixed(2)]
  })
  return { title: oneToOne.title, head: ['1 → 1, 256 B', 'items/s', '× bare stream', '× NATS'], rows, note: 'Must: bytes ≥ 0.80 × bare and ≥ 0.7 × NATS (aim 1.2 ×); objects ≥ 0.50 × bare.' }
}
oneToOne.title = 'Throughput, one producer to one consumer'

async function latency({ runs, ms }: Settings, nats: NatsServer | undefined): Promise<Table> {
  const flows = await interleaved(
    {
      'bare stream, one way': () => rawFlow(QUIC, ms, 1_000),
      'bare stream, echo (round trip)': () => echoFlow(QUIC, 1_000, ms),
      streams: () => streamFlow({ listen: QUIC, items: 'bytes', consumers: 1, perSecond: 1_000 }, ms),
      ...(nats !== undefined && { 'NATS core': () => natsFlow(nats.port, 1, ms, 1_000) }),
    },
    runs,
  )
  const rows = [...flows].map(([name, runsOf]) => [name, mid(runsOf, (flow) => flow.p50).toFixed(3), mid(runsOf, (flow) => flow.p99).toFixed(3)])
  return { title: latency.title, head: ['1 000 items/s, 256 B', 'p50 ms', 'p99 ms'], rows }
}
latency.title = 'Latency'

async function fanOut({ runs, ms }: Settings, nats: NatsServer | undefined): Promise<Table> {
  const flows = await interleaved(
    {
      'streams, bytes, QUIC': () => streamFlow({ listen: QUIC, items: 'bytes', consumers: 8 }, ms),
      ...(nats !== undefined && { 'NATS core': () => natsFlow(nats.port, 8, ms) }),
    },
    runs,
  )
  const rows = [...flows].map(([name, runsOf]) => [
    name,
    short(mid(runsOf, (flow) => flow.rate)),
    (mid(runsOf, (flow) => flow.rate) / mid(flows.get('NATS core'), (flow) => flow.rate)).toFixed(2),
    mid(runsOf, (flow) => flow.senderCpu).toFixed(2),
    mid(runsOf, (flow) => flow.receiverCpu).toFixed(2),
    mid(runsOf, (flow) => flow.senderCpu / flow.receiverCpu).toFixed(2),
  ])
  return {
    title: fanOut.title,
    head: ['1 → 8, 256 B', 'deliveries/s', '× NATS', 'producer CPU µs/delivery', 'consumer CPU µs/delivery', 'ratio'],
    rows,
    note: 'Must: ≥ 0.5 × NATS (aim 1 ×); producer CPU per delivery ≤ 1.3 × that of one consumer. For NATS the sender column is the publisher alone, without its server.',
  }
}
fanOut.title = 'Fan-out, one producer to eight consumers'
