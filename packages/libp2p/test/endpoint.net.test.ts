import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@mosaik/core'
import { systemClock } from '@mosaik/core/system'
import { endpointSuite } from '@mosaik/core/testing'
import { describe, it } from 'vitest'
import { createEndpoint, type EndpointOptions } from '../src/index.ts'

const timeFactor = Number(process.env['TIME_FACTOR'] ?? 1)
let counter = 0

interface Transport {
  readonly name: string
  readonly options: () => EndpointOptions
  /** Cases that are known to fail, at least once in `TRIES`: the test asserts that they do, so that this list stays true. */
  readonly failures?: readonly string[]
}

const transports: readonly Transport[] = [
  { name: 'QUIC', options: () => ({ listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] }) },
  { name: 'TCP with noise', options: () => ({ listen: ['/ip4/127.0.0.1/tcp/0'] }) },
  { name: 'TCP with TLS', options: () => ({ listen: ['/ip4/127.0.0.1/tcp/0'], encryption: 'tls' }) },
  {
    name: 'Unix sockets',
    options: () => ({ listen: [`/unix/${encodeURIComponent(join(tmpdir(), `mosaik-${process.pid}-${++counter}.sock`))}`] }),
  },
  { name: 'memory', options: () => ({ listen: [`/memory/suite-${++counter}`] }) },
  {
    name: 'stock QUIC',
    options: () => ({ listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], quic: 'stock' }),
    // A reset looks like an end, and pause does nothing.
    failures: [
      'a reset by the dialer is not an end',
      'a reset by the acceptor is not an end',
      'a paused reader stops the writer, and resume delivers all in order',
      'a reset is an error of the web stream',
      'an accept handler that throws harms only its stream',
    ],
  },
]

/** A reset that is lost nearly always comes through once in a while. */
const TRIES = 4
/** For cases without a limit of their own. */
const CASE_MS = 20_000

async function repeat(body: () => Promise<void>): Promise<void> {
  for (let left = TRIES; left > 0; left--) await body()
}

for (const { name, options, failures = [] } of transports) {
  endpointSuite(
    name,
    () => ({
      clock: systemClock,
      create: (network, suite) => createEndpoint(network, { logger: silentLogger, ...options(), ...suite }),
    }),
    {
      describe,
      // Each case has endpoints of its own and mostly waits.
      it: (title, body, timeout = CASE_MS) =>
        failures.includes(title) ? it.fails(title, () => repeat(body), timeout * TRIES) : it.concurrent(title, body, timeout),
    },
    { timeFactor },
  )
}
