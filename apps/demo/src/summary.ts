import type { Received } from './messages.ts'
import type { NodeProcess } from './process.ts'
import { table } from './table.ts'

/** One channel at the end: what the producer handed over, and what the consumer's application took. */
export interface Row {
  readonly producer: string
  readonly consumer: string
  /** Its state instead, when the producer could not say. */
  readonly sent: number | NodeProcess['state']
  readonly received: number
  readonly missing: number
  readonly repeated: number
  readonly right: boolean
}

export function receivedFrom(consumer: NodeProcess, producer: string): Received | undefined {
  return consumer.status.received.find(({ peerId }) => peerId === producer)
}

/** Every pair of a producer and a consumer. A killed producer's stream must be whole up to where it broke off. */
export function rowsOf(nodes: readonly NodeProcess[]): readonly Row[] {
  const producers = nodes.filter(({ role }) => role === 'producer')
  const consumers = nodes.filter(({ role }) => role === 'consumer')
  return producers.flatMap((producer) => consumers.map((consumer) => rowOf(producer, consumer)))
}

function rowOf(producer: NodeProcess, consumer: NodeProcess): Row {
  const channel = producer.status.sent.find(({ peerId }) => peerId === consumer.peerId)
  const sent = producer.state === 'left' ? (channel?.datums ?? 0) : producer.state
  const { datums: received, missing, repeated } = receivedFrom(consumer, producer.name) ?? { datums: 0, missing: 0, repeated: 0 }
  const whole = missing === 0 && repeated === 0 && received > 0 && consumer.state === 'left'
  return {
    producer: producer.name,
    consumer: consumer.name,
    sent,
    received,
    missing,
    repeated,
    right: whole && (sent === received || sent === 'killed'),
  }
}

/** The final table. */
export function summaryLines(rows: readonly Row[]): readonly string[] {
  const cells = rows.map((row) => [
    row.producer,
    row.consumer,
    String(row.sent),
    String(row.received),
    String(row.missing),
    String(row.repeated),
    row.right ? 'ok' : 'WRONG',
  ])
  return ['', ...table([['producer', 'consumer', 'sent', 'received', 'missing', 'repeated', ''], ...cells], 2)]
}
