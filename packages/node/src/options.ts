import { check } from '@mosaik/core'
import type { Duration } from '@mosaik/core'
import type { DiscoveryOptions } from '@mosaik/discovery'

const DEFAULT_CLOSE_MS = 5_000

export function closeTimeout(timeout: Duration | undefined): number {
  return check.duration('timeout', timeout, { min: 0, max: 600_000, default: DEFAULT_CLOSE_MS })
}

/** `zeroConfig` looks into the public DHT unless the caller chose a table. */
export function discoveryOptions(options: DiscoveryOptions | undefined, zeroConfig: boolean | undefined): DiscoveryOptions {
  const given = check.options('discovery', options)
  return check.boolean('zeroConfig', zeroConfig, { default: false }) && given.dht === undefined ? { ...given, dht: 'public' } : given
}
