import { describe, expect, it } from 'vitest'
import { CloseReasons, createMetrics } from '@mosaik/core'
import { collect, concat, frame, hex, linkAndRaw, linked, messageFrame, pattern } from './link-kit.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE
const COST = 32

const credit = (n: number): Uint8Array => {
  const rest = new Uint8Array(4)
  new DataView(rest.buffer).setUint32(0, n)
  return frame(2, rest)
}

describe('the sender', () => {
  it('stops when its credit is used up, and goes on when more is granted', async () => {
    const { clock, link, raw } = linkAndRaw()
    const size = 1000
    for (let i = 0; i < 100; i++) link.send(pattern(size, i))
    await clock.run(10)
    // a message begins while the balance is above zero: 64 KiB carries ⌈65536 / 1032⌉
    const first = Math.ceil((64 * KIBIBYTE) / (size + COST))
    expect(raw.bytes().length).toBe(first * (size + 5))
    expect(link.queuedBytes).toBe((100 - first) * (size + 5))
    await clock.run(10_000)
    expect(raw.bytes().length).toBe(first * (size + 5))
    raw.stream.send(credit(10 * (size + COST)))
    await clock.run(10)
    expect(raw.bytes().length).toBe((first + 10) * (size + 5))
    raw.stream.send(credit(MEBIBYTE))
    await clock.run(10)
    expect(raw.bytes().length).toBe(100 * (size + 5))
    expect(link.queuedBytes).toBe(0)
  })

  it('begins a message larger than its credit, then waits until the balance is above zero again', async () => {
    const { clock, link, raw } = linkAndRaw()
    const sizes = [10, 300_000, 10]
    for (const size of sizes) link.send(pattern(size))
    await clock.run(10)
    expect(raw.bytes().length).toBe(300_010 + 10)
    const debt = 300_010 + 2 * COST - 64 * KIBIBYTE
    raw.stream.send(credit(debt))
    await clock.run(10)
    expect(link.queuedBytes).toBe(15)
    raw.stream.send(credit(1024))
    await clock.run(10)
    expect(link.queuedBytes).toBe(0)
  })

  it('sends credit and close without credit, past messages that wait and between the parts of one', async () => {
    const { clock, link, raw } = linkAndRaw({ maxMessageBytes: MEBIBYTE }, { windowBytes: 100 })
    collect(link)
    link.send(new Uint8Array(64 * KIBIBYTE))
    link.send(new Uint8Array(1)) // waits for credit
    await clock.run(10)
    for (let i = 0; i < 4; i++) raw.stream.send(messageFrame(new Uint8Array(10_000)))
    await clock.run(10)
    const after = raw.bytes().subarray(5 + 64 * KIBIBYTE)
    expect(hex(after.subarray(0, 5))).toBe('0000000502') // a credit frame, while the message still waits
    link.abort(CloseReasons.GracefulShutdown)
    await clock.run(10)
    expect(hex(raw.bytes())).toContain(hex(new TextEncoder().encode('GracefulShutdown')))
  })

  it('lets credit come between the parts of a long message', async () => {
    const { clock, link, raw } = linkAndRaw({}, { windowBytes: 1, bytesPerSecond: 1024 * KIBIBYTE })
    collect(link)
    link.send(new Uint8Array(4 * MEBIBYTE))
    await clock.run(500) // within the first part
    for (let i = 0; i < 4; i++) raw.stream.send(messageFrame(new Uint8Array(10_000)))
    await clock.run(10_000)
    const all = raw.bytes()
    const kinds: number[] = []
    for (let at = 0; at < all.length;) {
      kinds.push(all[at + 4] as number)
      at += 4 + new DataView(all.buffer, at).getUint32(0)
    }
    expect(kinds.indexOf(2)).toBeGreaterThan(0)
    expect(kinds.indexOf(2)).toBeLessThan(kinds.indexOf(0))
    expect(kinds.filter((kind) => kind === 1).length).toBe(3)
  })

  it('is told by send and onReady when to wait and when to go on', async () => {
    const { clock, link, raw } = linkAndRaw({ highWaterBytes: 10_000 })
    const asked: number[] = []
    link.onReady = () => void asked.push(link.queuedBytes)
    let sent = 0
    while (link.send(new Uint8Array(995))) sent++
    expect(sent).toBe(9)
    await clock.run(1)
    expect(asked).toEqual([0])
    while (link.send(new Uint8Array(995)) || link.queuedBytes < 80_000);
    await clock.run(1)
    expect(asked.length).toBe(1) // still above half of the mark: what is left waits for credit
    raw.stream.send(credit(link.queuedBytes - 8_000))
    await clock.run(1)
    expect(link.queuedBytes).toBeGreaterThan(5_000)
    expect(link.queuedBytes).toBeLessThan(10_000)
    expect(asked.length).toBe(1)
    raw.stream.send(credit(64 * KIBIBYTE))
    await clock.run(1)
    expect(asked).toEqual([0, 0])
    await clock.run(1000)
    expect(asked.length).toBe(2)
  })

  it('is not asked again by an onReady that throws: that ends the link', async () => {
    const { clock, link } = linkAndRaw({ highWaterBytes: 10 })
    link.onReady = () => {
      throw new Error('bug')
    }
    link.send(new Uint8Array(100))
    await clock.run(1)
    expect(link.ended).toMatchObject({ code: 400, detail: 'bug' })
  })
})

describe('the receiver', () => {
  it('sends nothing in a short conversation, then widens the window with the first grant', async () => {
    const { clock, link, raw } = linkAndRaw({ windowBytes: MEBIBYTE })
    collect(link)
    const message = messageFrame(new Uint8Array(1024 - COST))
    for (let i = 0; i < 15; i++) raw.stream.send(message)
    await clock.run(10)
    expect(raw.bytes().length).toBe(0)
    raw.stream.send(message)
    await clock.run(10)
    // 16 KiB taken, and the window grows from 64 KiB to 1 MiB
    const first = credit(16 * KIBIBYTE + MEBIBYTE - 64 * KIBIBYTE)
    expect(hex(raw.bytes())).toBe(hex(first))
    for (let i = 0; i < 256; i++) raw.stream.send(message)
    await clock.run(10)
    // from then on exactly what was taken returns, a quarter of the window at a time
    expect(hex(raw.bytes())).toBe(hex(concat([first, credit(256 * KIBIBYTE)])))
  })

  it('grants when messages are taken, not when they arrive, and never has more waiting than its window', async () => {
    const { clock, a, b } = linked({ windowBytes: 64 * KIBIBYTE, highWaterBytes: 1 })
    const size = 2000
    let sent = 0
    const pump = (): void => {
      while (sent < 500) {
        sent++
        if (!a.send(pattern(size, sent))) return
      }
    }
    a.onReady = pump
    pump()
    await clock.run(1000)
    const window = Math.ceil((64 * KIBIBYTE) / (size + COST))
    expect(sent).toBe(window + 1) // one more waits at the sender
    for (let i = 1; i <= 500; i++) {
      const message = await b.receive()
      expect(hex(message)).toBe(hex(pattern(size, i)))
      await clock.run(0)
      expect(sent - i).toBeLessThanOrEqual(window + 1)
    }
    expect(sent).toBe(500)
  })

  it('that does not read stops the sender for good, one message at most beyond the window', async () => {
    const { clock, a, b } = linked({ windowBytes: 64 * KIBIBYTE, maxMessageBytes: MEBIBYTE })
    for (let i = 0; i < 5; i++) a.send(new Uint8Array(MEBIBYTE))
    await clock.run(10_000)
    expect(a.queuedBytes).toBe(4 * (MEBIBYTE + 5))
    expect((await b.receive()).length).toBe(MEBIBYTE)
    await clock.run(10)
    expect(a.queuedBytes).toBe(3 * (MEBIBYTE + 5))
  })

  it('ends the link when credit is exceeded, and counts it', async () => {
    const metrics = createMetrics()
    const { clock, link, raw } = linkAndRaw({ metrics })
    raw.stream.send(messageFrame(new Uint8Array(64 * KIBIBYTE)))
    await clock.run(10)
    expect(link.ended).toBeUndefined()
    raw.stream.send(messageFrame(new Uint8Array(0)))
    await clock.run(10)
    expect(link.ended).toMatchObject({ code: 400, detail: 'a message without credit for it' })
    expect(metrics.text()).toMatch(/mosaik_links_violations\S*\{protocol="\/test\/1.0"\} 1/)
  })

  it('ends the link over endless empty messages: each has its cost', async () => {
    const { clock, link, raw } = linkAndRaw()
    raw.stream.send(concat(Array.from({ length: 2048 }, () => messageFrame(new Uint8Array(0)))))
    await clock.run(10)
    expect(link.ended).toBeUndefined()
    raw.stream.send(messageFrame(new Uint8Array(0)))
    await clock.run(10)
    expect(link.ended?.code).toBe(400)
  })

  it('ends the link over more credit than anyone may have', async () => {
    const { clock, link, raw } = linkAndRaw()
    raw.stream.send(credit(64 * MEBIBYTE - 64 * KIBIBYTE))
    await clock.run(1)
    expect(link.ended).toBeUndefined()
    raw.stream.send(credit(1024))
    await clock.run(1)
    expect(link.ended).toMatchObject({ code: 400, detail: 'more credit than anyone may have' })
  })

  it('keeps going for ever on a small window, in both directions at once', async () => {
    const { clock, a, b } = linked({ windowBytes: 64 * KIBIBYTE }, { delayMs: 1, windowBytes: 5_000 })
    const [atA, atB] = [collect(a), collect(b)]
    for (let i = 0; i < 400; i++) {
      a.send(pattern(1500, i))
      b.send(pattern(1500, i))
    }
    await clock.run(20_000)
    expect([atA.length, atB.length]).toEqual([400, 400])
  })
})
