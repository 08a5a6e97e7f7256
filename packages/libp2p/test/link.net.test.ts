import { CloseReasons, createLink, randomId } from '@mosaik/core'
import { systemClock } from '@mosaik/core/system'
import { describe, expect, it } from 'vitest'
import { createEndpoint } from '../src/index.ts'

const MESSAGES = 100_000
const PROTOCOL = '/test/link'

/** Message `n`: its number, then as many bytes of it as make sizes vary from 4 to 600. */
function message(n: number): Uint8Array {
  const bytes = new Uint8Array(4 + ((n * 7919) % 597)).fill(n)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}

describe.each(['/ip4/127.0.0.1/udp/0/quic-v1', '/ip4/127.0.0.1/tcp/0'])('a link over %s', (address) => {
  it('delivers every byte as it was, though the memory of batches is written again and again', async () => {
    const name = randomId()
    await using sender = await createEndpoint(name, { listen: [address] })
    await using receiver = await createEndpoint(name, { listen: [address] })
    const wrong: number[] = []
    let received = 0
    const closed = Promise.withResolvers<unknown>()
    receiver.handle(PROTOCOL, (stream) => {
      const link = createLink(stream, { clock: systemClock })
      link.onMessage((bytes) => {
        if (Buffer.compare(bytes, message(received)) !== 0) wrong.push(received)
        received += 1
      })
      void link.closed.then(closed.resolve)
    })
    const link = createLink(await sender.open(receiver.addresses[0] ?? '', PROTOCOL), { clock: systemClock, firstMessageMs: 0 })
    for (let n = 0; n < MESSAGES; n += 1) {
      if (link.send(message(n))) continue
      await new Promise<void>((resolve) => (link.onReady = resolve))
    }
    await link.close(CloseReasons.Success, 10_000)
    expect(await closed.promise).toMatchObject({ code: 200 })
    expect([received, wrong]).toEqual([MESSAGES, []])
  })
})
