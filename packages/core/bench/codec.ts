/**
 * What safety costs: `cbor()` beside bare cbor-x, which it wraps in a scan, and `canonical()` beside both. Values per second
 * of processor time, measured in turns in one run; the ratio to bare cbor-x is what counts.
 *
 *     node --conditions=@mosaik/source packages/core/bench/codec.ts [rounds]
 */
import { canonical, cbor, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import { Decoder, Encoder } from 'cbor-x'

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false, mapsAsObjects: true })
const decoder = new Decoder({ useRecords: false, mapsAsObjects: true, copyBuffers: true })
const codec = cbor<CanonicalValue>()
const id = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

const values: Record<string, CanonicalValue> = {
  order: { id: 12_345, side: 'bid', symbol: 'ETH', price: 3812.5, quantity: 2.25, trader: 'alice-01', at: 1_790_000_000_000 },
  'peer entry': {
    network: id(1),
    addresses: [1, 2, 3, 4].map((n) => `/ip4/10.0.0.${n}/udp/4001/quic-v1`),
    tags: [1, 2, 3, 4].map(id),
    startedAt: 1_790_000_000_000,
    updatedAt: 1_790_000_000_001,
  },
  'rows (500)': Array.from({ length: 500 }, (_, n) => ({ key: `k${n}`, price: n * 1.5 })),
}

function perSecond(run: () => unknown): number {
  const before = process.cpuUsage()
  let [count, micros] = [0, 0]
  for (let batch = 1; micros < 50_000; batch *= 2) {
    for (let i = 0; i < batch; i++) run()
    count += batch
    const { user, system } = process.cpuUsage(before)
    micros = user + system
  }
  return (count / micros) * 1e6
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number

const rounds = Number(process.argv[2] ?? 5)
for (const [name, value] of Object.entries(values)) {
  const [bytes, canonicalBytes] = [codec.encode(value), canonical(value)]
  const ways: Record<string, () => unknown> = {
    'bare encode': () => encoder.encode(value),
    'cbor encode': () => codec.encode(value),
    'canonical encode': () => canonical(value),
    'bare decode': () => decoder.decode(bytes),
    'cbor decode': () => codec.decode(bytes),
    'canonical decode': () => decodeCanonical(canonicalBytes),
  }
  const speeds = new Map(Object.keys(ways).map((way) => [way, [] as number[]]))
  for (let round = 0; round < rounds; round++) for (const [way, run] of Object.entries(ways)) speeds.get(way)?.push(perSecond(run))
  for (const [way, all] of speeds) {
    const bare = median(speeds.get(way.endsWith('encode') ? 'bare encode' : 'bare decode') as number[])
    console.log(
      `${name.padEnd(12)} ${way.padEnd(18)} ${Math.round(median(all)).toString().padStart(9)}/s  ${(median(all) / bare).toFixed(2)} of bare`,
    )
  }
}
