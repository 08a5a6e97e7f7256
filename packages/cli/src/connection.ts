import { createMetrics, createNetwork, randomId } from '@mosaik/node'
import type { Logger, Network, NetworkOptions } from '@mosaik/node'
import type { ConnectionOptions } from './flags.ts'
import { serveHealth } from './health.ts'
import type { HealthServer } from './health.ts'
import { networkOptionsOf } from './network-options.ts'

/** A node as the flags ask for it, with its server of metrics. */
export interface Connection {
  readonly network: Network
  /** Of `/metrics`, where `--metrics` asks for it. */
  readonly metricsUrl: string | undefined
  /** Leaves gracefully, within so many ms. Idempotent. */
  close(timeoutMs: number): Promise<void>
}

/** @param overrides win over what the flags say; what is in `discovery` is added to it */
export async function openConnection(
  options: ConnectionOptions,
  logger: Logger,
  signal: AbortSignal,
  overrides: NetworkOptions = {},
): Promise<Connection> {
  const flags = networkOptionsOf(options)
  const metrics = overrides.metrics ?? createMetrics()
  const network = await createNetwork(options.networkId ?? randomId(), {
    logger,
    signal,
    ...flags,
    ...overrides,
    metrics,
    discovery: { ...flags.discovery, ...overrides.discovery },
  })
  let health: HealthServer | undefined
  const close = async (timeoutMs: number): Promise<void> => {
    await health?.close()
    await network.close({ timeout: timeoutMs })
  }
  try {
    if (options.metrics !== undefined) health = await serveHealth(options.metrics, network, metrics)
  } catch (error) {
    await close(0)
    throw error
  }
  return { network, metricsUrl: health === undefined ? undefined : `${health.url}/metrics`, close }
}
