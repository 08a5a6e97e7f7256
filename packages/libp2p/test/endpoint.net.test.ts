import { endpointSuite } from '@mosaik/core/testing'
import { silentLogger } from '@mosaik/core'
import { systemClock } from '@mosaik/core/system'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { createEndpoint, type EndpointOptions } from '../src/index.ts'

let counter = 0
const timeFactor = Number(process.env['TIME_FACTOR'] ?? 1)

const transports: readonly (readonly [name: string, options: () => EndpointOptions])[] = [
  ['QUIC', () => ({ listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] })],
  ['TCP with noise', () => ({ listen: ['/ip4/127.0.0.1/tcp/0'] })],
  ['TCP with TLS', () => ({ listen: ['/ip4/127.0.0.1/tcp/0'], encryption: 'tls' })],
  ['Unix sockets', () => ({ listen: [`/unix/${encodeURIComponent(join(tmpdir(), `mosaik-${process.pid}-${++counter}.sock`))}`] })],
  ['memory', () => ({ listen: [`/memory/suite-${++counter}`] })],
]

for (const [name, options] of transports) {
  const builder = () => ({
    clock: systemClock,
    create: (network: string, suite: EndpointOptions) => createEndpoint(network, { logger: silentLogger, ...options(), ...suite }),
  })
  endpointSuite(name, builder, { describe, it }, { timeFactor })
}
