import type { Stream } from '@libp2p/interface'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Libp2pDuplex } from '../src/stream/libp2p-duplex.ts'

const FULL = 256 * 1024
const PIECE = 64 * 1024

/** As much of a libp2p stream as is needed to write: what is sent waits until `empty`. */
class Waiting extends EventTarget {
  status = 'open'
  remoteWriteStatus = 'writable'
  writeBufferLength = 0
  pause(): void {}
  resume(): void {}
  send(bytes: Uint8Array): void {
    this.writeBufferLength += bytes.byteLength
  }
  empty(): void {
    this.writeBufferLength = 0
    this.dispatchEvent(new Event('idle'))
  }
}

function fill(): { readonly stream: Waiting; readonly duplex: Libp2pDuplex; readonly drains: () => number } {
  const stream = new Waiting()
  const duplex = new Libp2pDuplex(stream as unknown as Stream)
  let drains = 0
  duplex.attach({ onData: () => {}, onDrain: () => drains++, onEnd: () => {}, onClosed: () => {} })
  for (let sent = PIECE; sent < FULL; sent += PIECE) expect(duplex.send(new Uint8Array(PIECE))).toBe(true)
  expect(duplex.send(new Uint8Array(PIECE))).toBe(false)
  return { stream, duplex, drains: () => drains }
}

test('who is told to wait hears of room once', async () => {
  const { stream, drains } = fill()
  await turn()
  expect(drains()).toBe(0)
  stream.empty()
  await turn()
  expect(drains()).toBe(1)
})

test('who is told to wait hears of room that comes before the bytes are written', async () => {
  const { stream, duplex, drains } = fill()
  expect(duplex.send(new Uint8Array(1))).toBe(false) // written a microtask later
  stream.empty()
  await turn()
  expect(drains()).toBe(1)
  expect(duplex.send(new Uint8Array(1))).toBe(true)
})

test('who is told to wait hears of room that nobody has told of', async () => {
  const { stream, duplex, drains } = fill()
  expect(duplex.send(new Uint8Array(1))).toBe(false)
  stream.writeBufferLength = 0
  await turn()
  expect(drains()).toBe(1)
})
