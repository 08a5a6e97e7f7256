/** What both link benches run. */
import { createLink, type ByteStream } from '@mosaik/core'
import { systemClock } from '@mosaik/core/system'

const BATCH_BYTES = 64 * 1024
export const SIZES: readonly number[] = [64, 256, 1024, 16 * 1024, 256 * 1024]

/** Enough messages for about half a second in memory. */
export function messageCount(size: number): number {
  return Math.round(Math.min(1_500_000, (400 * 1024 * 1024) / size))
}

/** Sends `count` messages with nothing between them and the stream but a length. */
export async function sendBare(stream: ByteStream, size: number, count: number, drained: () => Promise<void>): Promise<void> {
  const message = new Uint8Array(size).fill(7)
  const frame = size + 4
  for (let sent = 0; sent < count;) {
    const n = Math.min(count - sent, Math.max(1, Math.floor(BATCH_BYTES / frame)))
    const batch = new Uint8Array(n * frame)
    for (let i = 0, at = 0; i < n; i++, at += frame) {
      batch[at] = size >>> 24
      batch[at + 1] = size >>> 16
      batch[at + 2] = size >>> 8
      batch[at + 3] = size
      batch.set(message, at + 4)
    }
    sent += n
    if (!stream.send(batch)) await drained()
  }
}

/** Cuts messages out again. */
export function bareReader(take: (message: Uint8Array) => void): (chunk: Uint8Array) => void {
  let rest = new Uint8Array(0)
  return (chunk) => {
    let all = chunk
    if (rest.length > 0) {
      all = new Uint8Array(rest.length + chunk.length)
      all.set(rest)
      all.set(chunk, rest.length)
    }
    const view = new DataView(all.buffer, all.byteOffset, all.length)
    let at = 0
    while (all.length - at >= 4) {
      const size = view.getUint32(at)
      if (all.length - at - 4 < size) break
      take(all.subarray(at + 4, at + 4 + size))
      at += 4 + size
    }
    rest = all.slice(at)
  }
}

/** Attaches to a stream that is only written to; answers a wait for its drain. */
export function drainOf(stream: ByteStream): () => Promise<void> {
  let wake: (() => void) | undefined
  stream.attach({ onData: () => {}, onDrain: () => wake?.(), onEnd: () => {}, onClose: () => {} })
  return () => new Promise((resolve) => void (wake = resolve))
}

/** Sends `count` messages as an application does: one by one, waiting when told to. */
export async function sendByLink(stream: ByteStream, size: number, count: number): Promise<void> {
  const link = createLink(stream, { clock: systemClock, firstMessageMs: 0 })
  const message = new Uint8Array(size).fill(7)
  for (let sent = 0; sent < count; sent++) {
    if (!link.send(message)) await new Promise<void>((resolve) => void (link.onReady = resolve))
  }
}

/** Settles with the milliseconds from the first message to the last. */
export function takeAll(stream: ByteStream, style: 'bare' | 'link', count: number): Promise<number> {
  return new Promise((resolve) => {
    let seen = 0
    let bytes = 0
    let started = 0
    const take = (message: Uint8Array): void => {
      if (seen++ === 0) started = performance.now()
      bytes += message.length
      if (seen === count) resolve(bytes > 0 ? performance.now() - started : 0)
    }
    if (style === 'link') createLink(stream, { clock: systemClock, firstMessageMs: 0 }).onMessage(take)
    else stream.attach({ onData: bareReader(take), onDrain: () => {}, onEnd: () => {}, onClose: () => {} })
  })
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Prints one row per size. */
export async function compare(
  title: string,
  rounds: number,
  run: (style: 'bare' | 'link', size: number) => Promise<number>,
): Promise<void> {
  process.stdout.write(`${title}\n${['bytes', 'bare msg/s', 'link msg/s', 'link MB/s', 'ratio'].map((s) => s.padStart(12)).join('')}\n`)
  for (const size of SIZES) {
    const rates = { bare: [] as number[], link: [] as number[] }
    for (let round = 0; round < rounds + 1; round++) {
      for (const style of round % 2 === 0 ? (['bare', 'link'] as const) : (['link', 'bare'] as const)) {
        const rate = await run(style, size)
        if (round > 0) rates[style].push(rate) // the first one warms up
      }
    }
    const [bare, link] = [median(rates.bare), median(rates.link)]
    const row = [size, Math.round(bare), Math.round(link), ((link * size) / 1e6).toFixed(0), (link / bare).toFixed(2)]
    process.stdout.write(`${row.map((cell) => String(cell).padStart(12)).join('')}\n`)
  }
}
