import { createCollections } from '@mosaik/collections'
import type { Collections } from '@mosaik/collections'
import { check, createMetrics, MosaikError } from '@mosaik/core'
import type { Duration, Endpoint, Logger, Metrics, NetworkId, PeerId, SecretKey, WaitOptions } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery, DiscoveryOptions } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import type { EndpointOptions } from '@mosaik/libp2p'
import { createGroups } from '@mosaik/raft'
import type { Groups, GroupsOptions } from '@mosaik/raft'
import { createStreams } from '@mosaik/streams'
import type { Streams, StreamsOptions } from '@mosaik/streams'
import { closeTimeout, discoveryOptions } from './options.ts'

/** Options of `createNetwork`. Everything is optional; by default nothing leaves the machine but what you dial or listen on. */
export interface NetworkOptions {
  /** Identity of the node. Default: a fresh random key, so a new peer id at each start. */
  secretKey?: SecretKey
  /** Multiaddrs to listen on. Default: QUIC on every interface, free port (IPv4 and IPv6). */
  listen?: readonly string[]
  /** Circuit relays: use some, serve as one, or neither (default). */
  relay?: EndpointOptions['relay']
  /** Find peers of this network on the local network by multicast DNS. Default false. */
  mdns?: boolean
  /** mDNS and the public DHT: the name alone is enough. Default false. */
  zeroConfig?: boolean
  discovery?: DiscoveryOptions
  streams?: StreamsOptions
  groups?: GroupsOptions
  /** Default: silent unless `DEBUG` selects `mosaik:*`. */
  logger?: Logger
  /** Default: a registry of its own (`createMetrics()`). */
  metrics?: Metrics
  /** Cuts the start short. It has no effect once the network is there; `close` ends that. */
  signal?: AbortSignal
}

/** One node of a network: who it is, whom it knows, and what flows. */
export interface Network extends AsyncDisposable {
  readonly id: NetworkId
  readonly local: {
    readonly id: PeerId
    /** Each dialable: give one to another node's `bootstrap`, `dial` or `syncWith`. */
    readonly addresses: readonly string[]
    /** Resolves when a public address or relay is known. Nothing in the library waits for it; on a closed network it never comes. */
    online(options?: WaitOptions): Promise<void>
  }
  readonly discovery: Discovery
  readonly streams: Streams
  readonly groups: Groups
  readonly collections: Collections
  /**
   * Delivers what was sent, leaves groups, says goodbye, and ends everything that belongs to this node; every wait rejects with
   * `ERR_CLOSED`. Takes at most `timeout` (default 5 s), whatever others do. Idempotent.
   */
  close(options?: { readonly timeout?: Duration }): Promise<void>
}

/**
 * Starts a node. Resolves as soon as it listens; finding others goes on by itself.
 *
 * Rejects with `ERR_INVALID_OPTION` for a bad option, with `ERR_LISTEN` when an address of `listen` cannot be bound, and
 * with `signal.reason` on abort.
 */
export async function createNetwork(name: string, options?: NetworkOptions): Promise<Network> {
  const { secretKey, listen, relay, mdns, zeroConfig, discovery, streams, groups, logger, metrics, signal } = check.options(
    'options',
    options,
  )
  using starting = whileStarting(check.having('signal', signal, ['throwIfAborted', 'addEventListener']))
  const found = discoveryOptions(discovery, zeroConfig)
  const flows = check.options('streams', streams)
  const consensus = check.options('groups', groups)
  const endpoint = await createEndpoint(name, {
    ...(secretKey !== undefined && { secretKey }),
    ...(listen !== undefined && { listen }),
    ...(relay !== undefined && { relay }),
    mdns: mdns === undefined ? zeroConfig === true : mdns,
    ...(logger !== undefined && { logger }),
    metrics: metrics === undefined ? createMetrics() : metrics,
    signal: starting.signal,
  })
  try {
    return await networkOn(endpoint, { discovery: found, streams: flows, groups: consensus, signal: starting.signal })
  } catch (error) {
    await endpoint.close()
    throw error
  }
}

/** The caller's signal, let go of when the start is over: a deadline for the start must not end the node later. */
function whileStarting(signal: AbortSignal | undefined): { readonly signal: AbortSignal } & Disposable {
  signal?.throwIfAborted()
  const starting = new AbortController()
  const abort = (): void => starting.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  return { signal: starting.signal, [Symbol.dispose]: () => signal?.removeEventListener('abort', abort) }
}

/**
 * The floors above an endpoint, wired together: what `createNetwork` does, on an endpoint of your own. The endpoint belongs
 * to the network from now on: `close` ends it, too. When it rejects, with what the floors reject with or `signal.reason`,
 * the endpoint is still yours.
 */
export async function networkOn(
  endpoint: Endpoint,
  options: Pick<NetworkOptions, 'discovery' | 'streams' | 'groups' | 'signal'> = {},
): Promise<Network> {
  options.signal?.throwIfAborted()
  const discovery = await createDiscovery(endpoint, options.discovery)
  const { streams, groups, collections } = await upperFloors(discovery, options)
  const ended = new AbortController()
  let closing: Promise<void> | undefined

  const shutDown = async (timeoutMs: number): Promise<void> => {
    ended.abort(new MosaikError('ERR_CLOSED', 'the network was closed'))
    const { clock } = endpoint
    const deadlineAt = clock.monotonic() + timeoutMs
    // A floor that does not finish in time is cut off by the end of the floor below it.
    const left = (): number => Math.max(1, deadlineAt - clock.monotonic())
    await Promise.all([streams, collections, groups].map((floor) => atMost(endpoint, left(), floor.close())))
    for (const floor of [discovery, endpoint]) await atMost(endpoint, left(), floor.close())
  }
  const close: Network['close'] = async (closeOptions) => {
    const timeoutMs = closeTimeout(closeOptions?.timeout)
    if (closing === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      closing = promise // first: what hears of the end may close it too
      resolve(shutDown(timeoutMs))
    }
    await closing
  }

  return {
    id: endpoint.networkId,
    local: {
      id: endpoint.id,
      get addresses() {
        return endpoint.addresses
      },
      online: async ({ signal } = {}) => {
        await endpoint.online.until(Boolean, { signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]) })
      },
    },
    discovery,
    streams,
    groups,
    collections,
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

async function upperFloors(
  discovery: Discovery,
  { streams, groups, signal }: Pick<NetworkOptions, 'streams' | 'groups' | 'signal'>,
): Promise<Pick<Network, 'streams' | 'groups' | 'collections'>> {
  const opened: AsyncDisposable[] = [discovery]
  try {
    signal?.throwIfAborted()
    const flows = createStreams(discovery, streams)
    opened.unshift(flows)
    const consensus = createGroups(discovery, groups)
    return { streams: flows, groups: consensus, collections: createCollections(consensus) }
  } catch (error) {
    for (const floor of opened) await floor[Symbol.asyncDispose]()
    throw error
  }
}

/** Settles with `work` or after `ms`, whichever is first; a failure is logged, since an ending cannot be refused. */
function atMost(endpoint: Endpoint, ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = endpoint.clock.after(ms, resolve)
    work
      .catch((error: unknown) => endpoint.logger.warn('closing: %o', error))
      .finally(() => {
        cancel()
        resolve()
      })
  })
}
