import type { Codec } from '@mosaik/core'
import { expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { scenario } from './support/world.ts'

const asIs: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes }

test.for([10, 1_000, 100_000, 300_000])('what a consumer on the own node does to its bytes is seen by nobody else (%i bytes)', (size) =>
  scenario(async ({ a, b }) => {
    const Blobs = defineStream<Uint8Array>('blobs', asIs)
    const producer = a.streams.produce(Blobs)
    const local = [
      a.streams.consume(Blobs, { includeLocal: true }),
      a.streams.consume(Blobs, { includeLocal: true, where: { length: size } as never }),
    ]
    const remote = b.streams.consume(Blobs, { bufferSize: 1 })
    await Promise.all([...local, remote].map((consumer) => consumer.when.subscribed()))
    const sent = new Uint8Array(size).fill(7)
    await producer.send(sent)
    await producer.send(sent) // waits in the queue of the remote one
    for (const consumer of local) (await consumer.receive()).fill(9)
    for (const consumer of local) {
      const bytes = await consumer.receive()
      expect(bytes.every((byte) => byte === 7)).toBe(true)
      bytes.fill(9)
    }
    expect((await remote.receive()).every((byte) => byte === 7)).toBe(true)
    expect((await remote.receive()).every((byte) => byte === 7)).toBe(true)
    expect(sent.every((byte) => byte === 7)).toBe(true)
  }),
)
