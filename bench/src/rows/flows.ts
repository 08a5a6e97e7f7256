import { startChild } from '../child.ts'
import type { Child } from '../child.ts'
import type { Measured } from '../roles/role.ts'

/** Rates and costs of one run of one flow. */
export interface Flow {
  /** Items per second, all receivers together. */
  readonly rate: number
  readonly p50: number
  readonly p99: number
  /** CPU microseconds per delivered item: at the sender (of all deliveries), and at one receiver (of its own). */
  readonly senderCpu: number
  readonly receiverCpu: number
  /** Of these, what the JavaScript threads used; the rest is the QUIC library's and the garbage collector's. */
  readonly senderThreadCpu: number
  readonly receiverThreadCpu: number
  /** Resident memory of the sender, bytes. */
  readonly senderRss: number
}

interface Ready {
  readonly address: string
}

type Start = (role: string, options: Readonly<Record<string, unknown>>) => Child

/** Before anything is measured this time has passed, and every receiver has had so many items: its code is compiled then. */
const WARM_MS = 1_500
const WARM_ITEMS = 200_000

/** Lets the flow run warm, then measures everyone over the same `ms`. */
async function measure(sender: Child, receivers: readonly Child[], ms: number, isPaced: boolean): Promise<Flow> {
  await Promise.all([warm(), ...(isPaced ? [] : receivers.map((child) => warm(child)))])
  const children = [sender, ...receivers]
  for (const child of children) child.tell({ type: 'measure', ms })
  const [sent, ...received] = await Promise.all(children.map((child) => child.next<Measured>('measured', 2 * ms + 30_000)))
  const items = received.reduce((sum, one) => sum + one.items, 0)
  const rate = received.reduce((sum, one) => sum + one.items / one.seconds, 0)
  const each = (seconds: number): number => (seconds / items) * 1e6
  return {
    rate,
    p50: received[0]?.p50 ?? NaN,
    p99: received[0]?.p99 ?? NaN,
    senderCpu: each(sent?.cpu ?? NaN),
    receiverCpu: each(received.reduce((sum, one) => sum + one.cpu, 0)),
    senderThreadCpu: each(sent?.threadCpu ?? NaN),
    receiverThreadCpu: each(received.reduce((sum, one) => sum + one.threadCpu, 0)),
    senderRss: sent?.rss ?? NaN,
  }
}

async function warm(receiver?: Child): Promise<void> {
  if (receiver === undefined) return new Promise((resolve) => setTimeout(resolve, WARM_MS))
  receiver.tell({ type: 'warm', items: WARM_ITEMS })
  await receiver.next('warmed')
}

async function withChildren<T>(row: string, work: (start: Start) => Promise<T>): Promise<T> {
  const children: Child[] = []
  try {
    return await work((role, options) => {
      const child = startChild(row, role, options)
      children.push(child)
      return child
    })
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

/** Bare 64 KiB writes on one byte stream, or `perSecond` small ones. */
export function rawFlow(row: string, listen: string, ms: number, perSecond?: number): Promise<Flow> {
  return withChildren(row, async (start) => {
    const sink = start('raw-sink', { listen, timed: perSecond !== undefined })
    const { address } = await sink.next<Ready>('ready')
    const source = start('raw-source', { listen, address, perSecond })
    await source.next('ready')
    return measure(source, [sink], ms, perSecond !== undefined)
  })
}

export interface StreamFlow {
  readonly listen: string
  readonly items: 'bytes' | 'objects'
  readonly consumers: number
  readonly perSecond?: number
}

export function streamFlow(row: string, { listen, items, consumers, perSecond }: StreamFlow, ms: number): Promise<Flow> {
  return withChildren(row, async (start) => {
    const first = start('consumer', { listen, bootstrap: [], items, timed: perSecond !== undefined })
    const { address } = await first.next<Ready>('ready')
    const rest = Array.from({ length: consumers - 1 }, () => start('consumer', { listen, bootstrap: [address], items, timed: false }))
    await Promise.all(rest.map((child) => child.next('ready')))
    const producer = start('producer', { listen, bootstrap: [address], items, consumers, perSecond })
    await producer.next('ready')
    return measure(producer, [first, ...rest], ms, perSecond !== undefined)
  })
}

export function natsFlow(row: string, port: number, subscribers: number, ms: number, perSecond?: number): Promise<Flow> {
  return withChildren(row, async (start) => {
    const all = Array.from({ length: subscribers }, () => start('nats-subscriber', { port, timed: perSecond !== undefined }))
    await Promise.all(all.map((child) => child.next('ready')))
    const publisher = start('nats-publisher', { port, perSecond })
    await publisher.next('ready')
    return measure(publisher, all, ms, perSecond !== undefined)
  })
}

/** Round trips on one bare stream; the client is both ends of what is measured. */
export function echoFlow(row: string, listen: string, perSecond: number, ms: number): Promise<Flow> {
  return withChildren(row, async (start) => {
    const server = start('echo-server', { listen })
    const { address } = await server.next<Ready>('ready')
    const client = start('echo-client', { listen, address, perSecond })
    await client.next('ready')
    await warm()
    client.tell({ type: 'measure', ms })
    const { items, seconds, cpu, threadCpu, p50, p99, rss } = await client.next<Measured>('measured', 2 * ms + 30_000)
    const each = (cpuTime: number): number => (cpuTime / items) * 1e6
    return {
      ...{ rate: items / seconds, p50, p99, senderRss: rss },
      ...{ senderCpu: each(cpu), senderThreadCpu: each(threadCpu), receiverCpu: NaN, receiverThreadCpu: NaN },
    }
  })
}
