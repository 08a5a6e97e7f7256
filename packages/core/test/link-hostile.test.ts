import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CloseReasons, createLink, type ByteSink, type ByteStream, type PeerId } from '@mosaik/core'
import { streamPair } from '../src/testing/stream-pair.ts'
import { bytes, collect, concat, frame, linkAndRaw, messageFrame, pattern, testClock } from './link-kit.ts'

const MEBIBYTE = 1024 * 1024

/** A conversation as an honest peer would write it. */
const honest = concat([
  messageFrame(pattern(40)),
  frame(2, bytes('00001000')),
  messageFrame(pattern(700)),
  messageFrame(new Uint8Array(0)),
  frame(3, concat([bytes('000000c8 07'), new TextEncoder().encode('Successall of it')])),
])

describe('bytes of a stranger', () => {
  it('random or mutated, give messages and then one typed end', async () => {
    const mutated = fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
      const copy = honest.slice()
      for (const [at, value] of changes) copy[at] = value
      return copy
    })
    const cutShort = fc.nat(honest.length).map((length) => honest.slice(0, length))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 400 }), mutated, cutShort),
        fc.integer({ min: 1, max: 200 }),
        async (input, size) => {
          const { clock, link, raw } = linkAndRaw({ maxMessageBytes: 1000 }, { chunk: () => size })
          const got = collect(link)
          raw.stream.send(input)
          raw.stream.end()
          await clock.run(2_000)
          expect(link.ended).toBeDefined()
          expect(Number.isInteger(link.ended?.code)).toBe(true)
          expect(got.every((message) => message.length <= 1000)).toBe(true)
          expect(raw.closed()).toBeDefined()
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('are told what was wrong', async () => {
    const { clock, link, raw } = linkAndRaw()
    raw.stream.send(bytes('00000001 09'))
    await clock.run(5)
    expect(link.ended).toEqual({ ...CloseReasons.ProtocolViolation, detail: 'unknown frame kind 9' })
    expect(new TextDecoder().decode(raw.bytes())).toContain('unknown frame kind 9')
    expect(raw.ended()).toBe(true)
  })

  it('are ignored after the end', async () => {
    const { clock, link, raw } = linkAndRaw()
    const got = collect(link)
    raw.stream.send(concat([frame(3, bytes('000000c8 00')), messageFrame(pattern(10)), bytes('00000001 09')]))
    await clock.run(5)
    expect(link.ended).toEqual({ code: 200, name: '' })
    expect(got).toEqual([])
  })

  it('one at a time, take no memory that they do not fill', async () => {
    const { clock, link, raw } = linkAndRaw({ maxMessageBytes: 16 * MEBIBYTE }, { chunk: () => 1 })
    const before = process.memoryUsage().arrayBuffers
    raw.stream.send(concat([bytes('00100001 00'), pattern(20_000)]))
    await clock.run(5)
    expect(link.ended).toBeUndefined()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MEBIBYTE)
  })

  it('do not disturb another link of the same node', async () => {
    const { clock, link, raw } = linkAndRaw()
    const other = streamPair({ clock })
    const [c, d] = [createLink(other.dialer, { clock }), createLink(other.acceptor, { clock })]
    const got = collect(d)
    raw.stream.send(bytes('ffffffff ff'))
    c.send(pattern(100))
    d.send(pattern(1))
    await clock.run(2_000)
    expect(link.ended?.code).toBe(400)
    expect([got.length, d.ended]).toEqual([1, undefined])
  })
})

describe('streams that behave oddly', () => {
  it('that are closed when the link is made end it', async () => {
    const { clock, raw } = linkAndRaw()
    raw.stream.abort()
    const pair = streamPair({ clock })
    pair.lose()
    const link = createLink(pair.dialer, { clock })
    await clock.run(5)
    expect(link.ended?.code).toBe(103)
    expect(link.send(new Uint8Array(1))).toBe(false)
  })

  it('that break again and again after the end change nothing', async () => {
    const { clock, link, raw, lose } = linkAndRaw()
    link.abort(CloseReasons.GracefulShutdown)
    lose()
    raw.stream.abort()
    await clock.run(5_000)
    expect(link.ended).toEqual(CloseReasons.GracefulShutdown)
  })

  it('that answer within the call find a link that is ready for it', async () => {
    const clock = testClock()
    const sent: Uint8Array[] = []
    let sink: ByteSink | undefined
    const breakNow = (): void => sink?.onClose(new Error('gone'))
    const stream: Omit<ByteStream, 'readable' | 'writable'> = {
      peerId: 'other' as PeerId,
      protocol: '/test/1.0',
      direction: 'outbound',
      attach: (given) => void (sink = given),
      send: (chunk) => {
        sent.push(chunk)
        sink?.onDrain()
        return false
      },
      end: breakNow,
      pause: () => {},
      resume: () => {},
      abort: breakNow,
    }
    const link = createLink(stream as ByteStream, { clock, firstMessageMs: 0 })
    for (let i = 0; i < 200; i++) link.send(new Uint8Array(100))
    await clock.run(1)
    expect(concat(sent).length).toBe(200 * 105)
    link.abort(CloseReasons.Success)
    expect(link.ended).toEqual(CloseReasons.Success)
    await clock.run(1)
    expect(clock.pending).toBe(0)
  })
})
