import type { NatsServer } from '../nats-server.ts'
import { fixed, short } from '../stats.ts'
import type { Settings, Table } from '../table.ts'
import { echoFlow, natsFlow, rawFlow, streamFlow } from './flows.ts'
import type { Flow } from './flows.ts'
import { interleaved, mid, ratio } from './interleave.ts'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const TCP = '/ip4/127.0.0.1/tcp/0'
const NATS = 'NATS core'
const PACED = 1_000

const rateOf = (flow: Flow): number => flow.rate
const cpuOf = (flow: Flow): number => flow.senderCpu + flow.receiverCpu

export const oneToOne: { readonly title: string; run(settings: Settings, nats: NatsServer | undefined): Promise<Table> } = {
  title: 'Throughput, one producer to one consumer',
  async run({ runs, ms }, nats) {
    const bare = { QUIC: 'bare QUIC, 64 KiB writes', TCP: 'bare TCP, 64 KiB writes' }
    const flows = await interleaved(
      this.title,
      {
        [bare.QUIC]: (row) => rawFlow(row, QUIC, ms),
        'streams, bytes, QUIC': (row) => streamFlow(row, { listen: QUIC, items: 'bytes', consumers: 1 }, ms),
        'streams, objects, QUIC': (row) => streamFlow(row, { listen: QUIC, items: 'objects', consumers: 1 }, ms),
        ...(nats !== undefined && { [NATS]: (row: string) => natsFlow(row, nats.port, 1, ms) }),
        [bare.TCP]: (row) => rawFlow(row, TCP, ms),
        'streams, bytes, TCP': (row) => streamFlow(row, { listen: TCP, items: 'bytes', consumers: 1 }, ms),
      },
      runs,
    )
    const rows = [...flows].map(([name, runsOf]) => {
      const floor = flows.get(name.includes('TCP') ? bare.TCP : bare.QUIC)
      const isPeer = name === NATS
      return [
        name,
        short(mid(runsOf, rateOf)),
        isPeer ? '–' : fixed(ratio(runsOf, floor, rateOf), 2),
        fixed(ratio(runsOf, flows.get(NATS), rateOf), 2),
        isPeer ? '–' : fixed(mid(runsOf, cpuOf), 2),
        isPeer ? '–' : fixed(ratio(floor ?? [], runsOf, cpuOf), 2),
      ]
    })
    return {
      title: this.title,
      head: ['1 → 1, 256 B', 'items/s', '× bare stream', '× NATS', 'CPU µs/item, both ends', 'bare ÷ this, CPU'],
      rows,
      note: 'Must: bytes ≥ 0.80 × bare and ≥ 0.7 × NATS (aim 1.2 ×); objects ≥ 0.50 × bare.',
    }
  },
}

export const latency: typeof oneToOne = {
  title: 'Latency',
  async run({ runs, ms }, nats) {
    const flows = await interleaved(
      this.title,
      {
        'bare stream, one way': (row) => rawFlow(row, QUIC, ms, PACED),
        'bare stream, echo (round trip)': (row) => echoFlow(row, QUIC, PACED, ms),
        'streams, one way': (row) => streamFlow(row, { listen: QUIC, items: 'bytes', consumers: 1, perSecond: PACED }, ms),
        ...(nats !== undefined && { [`${NATS}, one way`]: (row: string) => natsFlow(row, nats.port, 1, ms, PACED) }),
      },
      runs,
    )
    const rows = [...flows].map(([name, runsOf]) => [
      name,
      fixed(
        mid(runsOf, (flow) => flow.p50),
        3,
      ),
      fixed(
        mid(runsOf, (flow) => flow.p99),
        3,
      ),
    ])
    return { title: this.title, head: ['1 000 items/s, 256 B', 'p50 ms', 'p99 ms'], rows }
  },
}

export const fanOut: typeof oneToOne = {
  title: 'Fan-out, one producer to eight consumers',
  async run({ runs, ms }, nats) {
    const streams = 'streams, bytes, QUIC'
    const flows = await interleaved(
      this.title,
      {
        [streams]: (row) => streamFlow(row, { listen: QUIC, items: 'bytes', consumers: 8 }, ms),
        ...(nats !== undefined && { [NATS]: (row: string) => natsFlow(row, nats.port, 8, ms) }),
      },
      runs,
    )
    const rows = [...flows].map(([name, runsOf]) => [
      name,
      short(mid(runsOf, rateOf)),
      fixed(ratio(runsOf, flows.get(NATS), rateOf), 2),
      fixed(
        mid(runsOf, (flow) => flow.senderCpu),
        2,
      ),
      fixed(
        mid(runsOf, (flow) => flow.receiverCpu),
        2,
      ),
      fixed(
        mid(runsOf, (flow) => flow.senderCpu / flow.receiverCpu),
        2,
      ),
      fixed(mid(runsOf, (flow) => flow.senderRss) / 2 ** 20, 0),
    ])
    return {
      title: this.title,
      head: ['1 → 8, 256 B', 'deliveries/s', '× NATS', 'producer CPU µs/delivery', 'consumer CPU µs/delivery', 'ratio', 'producer MiB'],
      rows,
      note: 'Must: ≥ 0.5 × NATS (aim 1 ×); producer CPU per delivery ≤ 1.3 × that of one consumer. For NATS the sender is the publisher alone, without its server.',
    }
  },
}
