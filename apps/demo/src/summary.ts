import type { NodeProcess } from './process.ts'

/** One channel at the end: what the producer handed over, and what the consumer's application took. */
export interface Row {
  readonly producer: string
  readonly consumer: string
  /** Undefined when the producer was killed and could not say. */
  readonly sent: number | undefined
  readonly received: number
  readonly missing: number
  readonly repeated: number
  readonly right: boolean
}

/** Every pair of a producer and a consumer that ever met. A killed producer's stream must be whole up to where it broke off. */
export function rowsOf(nodes: readonly NodeProcess[]): readonly Row[] {
  const producers = nodes.filter(({ role }) => role === 'producer')
  const consumers = nodes.filter(({ role }) => role === 'consumer')
  return producers.flatMap((producer) => consumers.map((consumer) => rowOf(producer, consumer)))
}

function rowOf(producer: NodeProcess, consumer: NodeProcess): Row {
  const channel = producer.status.sent.find(({ peerId }) => peerId === consumer.peerId)
  const seen = consumer.status.received.find(({ peerId }) => peerId === producer.name)
  const sent = producer.state !== 'left' ? undefined : (channel?.datums ?? 0)
  const { datums: received, missing, repeated } = seen ?? { datums: 0, missing: 0, repeated: 0 }
  const whole = missing === 0 && repeated === 0 && received > 0
  return { producer: producer.name, consumer: consumer.name, sent, received, missing, repeated, right: whole && (sent ?? received) === received }
}
