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
  /** Cases that are known to fail: the test asserts that they do, so that this list stays true. */
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
      it: (title, body, timeout) => (failures.includes(title) ? it.fails(title, body, timeout) : it.concurrent(title, body, timeout)),
    },
    { timeFactor },
  )
}
