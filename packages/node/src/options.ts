import { check, MosaikError } from '@mosaik/core'
import type { Duration } from '@mosaik/core'
import type { DiscoveryOptions } from '@mosaik/discovery'

const DEFAULT_CLOSE_MS = 5_000

export function closeTimeout(timeout: Duration | undefined): number {
  return check.duration('timeout', timeout, { min: 0, max: 600_000, default: DEFAULT_CLOSE_MS })
}

/** `zeroConfig` looks into the public DHT unless the caller chose a table. */
export function discoveryOptions(options: DiscoveryOptions | undefined, zeroConfig: boolean | undefined): DiscoveryOptions {
  if (zeroConfig !== undefined && typeof zeroConfig !== 'boolean') {
    throw new MosaikError('ERR_INVALID_OPTION', `zeroConfig is ${String(zeroConfig)}; it must be true or false`)
  }
  return zeroConfig === true && options?.dht === undefined ? { ...options, dht: 'public' } : (options ?? {})
}
