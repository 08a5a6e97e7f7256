/**
 * The door to the outside: an `Endpoint` over libp2p, QUIC first.
 *
 * ```ts
 * import { createEndpoint } from '@mosaik/libp2p'
 *
 * await using alice = await createEndpoint('my-app')
 * await using bob = await createEndpoint('my-app')
 * bob.handle('/echo/1.0', (stream) => void stream.readable.pipeTo(stream.writable))
 * const stream = await alice.open(bob.addresses[0], '/echo/1.0')
 * ```
 *
 * @module
 */
export { createEndpoint } from './endpoint.ts'
export type { EndpointOptions, RelayOption } from './options.ts'
