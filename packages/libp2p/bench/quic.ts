/**
 * Bytes per second over one QUIC stream between two processes, 64 KiB at a time: Mosaik's JavaScript half and the one that
 * the native binary ships with, in turns in one run; the ratio is what counts.
 *
 *     node --conditions=@mosaik/source packages/libp2p/bench/quic.ts [rounds]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { silentLogger } from '@mosaik/core'
import { createEndpoint } from '@mosaik/libp2p'

const LISTEN = ['/ip4/127.0.0.1/udp/0/quic-v1']
const ROUND_MS = 1500
const CHUNK = new Uint8Array(64 * 1024)
const kinds = ['own', 'stock'] as const
type Kind = (typeof kinds)[number]
const ignore = (): void => undefined

/** Counts what comes and says how fast it came. */
async function receive(quic: Kind): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: LISTEN, quic, logger: silentLogger })
  endpoint.handle('/bench/1.0', (stream) => {
    let [bytes, began] = [0, 0]
    stream.attach({
      onData: (chunk) => {
        if (bytes === 0) began = performance.now()
        bytes += chunk.byteLength
      },
      onDrain: ignore,
      onEnd: () => {
        process.send?.({ rate: bytes / (performance.now() - began) / 1000 })
        stream.end()
      },
      onClose: ignore,
    })
  })
  process.send?.({ address: endpoint.addresses[0] })
}

/** One round: megabytes per second. */
async function send(quic: Kind): Promise<number> {
  const child = fork(import.meta.filename, ['receive', quic], { execArgv: process.execArgv })
  const [{ address }] = (await once(child, 'message')) as [{ address: string }]
  await using endpoint = await createEndpoint('bench', { listen: LISTEN, quic, logger: silentLogger })
  const stream = await endpoint.open(address, '/bench/1.0')
  const end = performance.now() + ROUND_MS
  const pump = (): void => {
    while (performance.now() < end) if (!stream.send(CHUNK)) return
    stream.end()
  }
  stream.attach({ onData: ignore, onDrain: pump, onEnd: ignore, onClose: ignore })
  pump()
  const [{ rate }] = (await once(child, 'message')) as [{ rate: number }]
  child.kill()
  return rate
}

const [role, kind] = process.argv.slice(2)
if (role === 'receive') {
  await receive(kind as Kind)
} else {
  const rates: Record<Kind, number[]> = { own: [], stock: [] }
  for (let round = 0; round < Number(role ?? 5); round++) for (const quic of kinds) rates[quic].push(await send(quic))
  const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0
  for (const quic of kinds) {
    console.log(
      `${quic.padEnd(6)} ${median(rates[quic]).toFixed(0).padStart(5)} MB/s  (${rates[quic].map((rate) => rate.toFixed(0)).join(' ')})`,
    )
  }
  console.log(`own / stock: ${(median(rates.own) / median(rates.stock)).toFixed(2)}`)
}
