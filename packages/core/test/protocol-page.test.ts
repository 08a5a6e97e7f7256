import { readFileSync } from 'node:fs'
import { CHUNK_BYTES, CloseReasons, networkProof, uniqueId, type PeerId } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { boundedReason } from '../src/net/close-frame.ts'
import { FrameWriter } from '../src/net/frame-writer.ts'
import { concat, hex } from './link-kit.ts'

const page = readFileSync(new URL('../../../docs/protocol/links.md', import.meta.url), 'utf8')
const vectors = page.slice(page.indexOf('## Vectors'))

function written(write: (writer: FrameWriter) => void): Uint8Array {
  const writer = new FrameWriter()
  write(writer)
  const batches: Uint8Array[] = []
  for (let batch = writer.take(); batch !== undefined; batch = writer.take()) batches.push(batch.bytes)
  return concat(batches)
}

/** What the page shows behind a name, also in the lines below it that begin with a text in quotes. */
function shown(name: string): string {
  const at = vectors.indexOf(name)
  expect(at, name).toBeGreaterThan(0)
  const [, bytes = ''] = /^ +([0-9a-f ]+(?:\n +"[^"]*" +[0-9a-f]+)*)/.exec(vectors.slice(at + name.length)) ?? []
  return bytes.replaceAll(/"[^"]*"|\s/g, '')
}

describe('what the page of links shows', () => {
  it.each<[string, (writer: FrameWriter) => void]>([
    ['message "hi"', (writer) => writer.message(new TextEncoder().encode('hi'))],
    ['empty message', (writer) => writer.message(new Uint8Array(0))],
    ['credit of 1 MiB', (writer) => writer.credit(CHUNK_BYTES)],
    ['close 204 GracefulShutdown', (writer) => writer.close(boundedReason(CloseReasons.GracefulShutdown))],
    [
      'close 10413 TooSlow',
      (writer) => writer.close(boundedReason({ code: 10413, name: 'TooSlow', detail: 'zu langsam – 1,024 waiting' })),
    ],
  ])('is the frame of %s', (name, write) => {
    expect(shown(name)).toBe(hex(written(write)))
  })

  it('is the beginning of a part', () => {
    const part = written((writer) => writer.part(new Uint8Array(CHUNK_BYTES)))
    expect(vectors).toContain(
      `part                                 ${hex(part.subarray(0, 4))} ${hex(part.subarray(4, 5))} (1 048 576 bytes)`,
    )
  })

  it('is a proof of network', () => {
    const [, left = '', right = ''] = /"(\w+)", "(\w+)"/.exec(vectors) ?? []
    expect(shown('network id')).toBe(uniqueId('my-app'))
    expect(shown('\n  proof')).toBe(networkProof(uniqueId('my-app'), left as PeerId, right as PeerId))
  })

  it('is every close code', () => {
    for (const { code, name } of Object.values(CloseReasons)) expect(page).toContain(`| ${code} | ${name} |`)
  })
})
