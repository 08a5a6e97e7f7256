import { check } from '@mosaik/core'
import type { RendezvousTable } from '@mosaik/core'
import { MAX_TAGS } from './wire/limits.ts'
import type { DiscoveryOptions } from './types.ts'

const MAX_BOOTSTRAP = 64
const MAX_DURATION = 24 * 60 * 60 * 1000
const DHT_INTERVAL = 60_000

export interface DhtConfig {
  readonly table: RendezvousTable
  readonly interval: number
}

/** Options, checked once; durations in milliseconds. */
export interface DiscoveryConfig {
  readonly bootstrap: readonly string[]
  readonly tags: readonly string[]
  readonly announceInterval: number
  readonly announceJitter: number
  readonly purgeAfter: number
  readonly maxTimeDrift: number
  readonly eventsBacklog: number
  readonly dht: DhtConfig | undefined
  readonly rttProbeInterval: number
  readonly maxRtt: number | undefined
}

/** Throws `ERR_INVALID_OPTION` naming the option, what came and what is allowed. */
export function readOptions(given: DiscoveryOptions | undefined): DiscoveryConfig {
  const options = check.options('options', given)
  return {
    bootstrap: check.list('bootstrap', options.bootstrap, (name, value) => check.address(name, value), { max: MAX_BOOTSTRAP }),
    tags: checkTags('tags', options.tags),
    announceInterval: check.duration('announceInterval', options.announceInterval, { min: 10, max: MAX_DURATION, default: 15_000 }),
    announceJitter: check.number('announceJitter', options.announceJitter, { min: 0, max: 1, default: 0.5 }),
    purgeAfter: check.duration('purgeAfter', options.purgeAfter, { min: 10, max: MAX_DURATION, default: 300_000 }),
    maxTimeDrift: check.duration('maxTimeDrift', options.maxTimeDrift, { max: MAX_DURATION, default: 10_000 }),
    eventsBacklog: check.integer('eventsBacklog', options.eventsBacklog, { min: 1, max: 2 ** 20, default: 100 }),
    dht: readDht(options.dht),
    rttProbeInterval: check.duration('rttProbeInterval', options.rttProbeInterval, { min: 10, max: MAX_DURATION, default: 30_000 }),
    maxRtt: check.duration('maxRtt', options.maxRtt, { max: MAX_DURATION, default: undefined }),
  }
}

/** One text or several. */
export function checkTags(name: string, value: unknown): string[] {
  return check.list(name, value, (item, text) => check.text(item, text as string), { max: MAX_TAGS })
}

function readDht(dht: DiscoveryOptions['dht']): DhtConfig | undefined {
  if (dht === undefined || dht === false) return undefined
  if (dht === 'public') return { table: { kind: 'public' }, interval: DHT_INTERVAL }
  if (typeof dht !== 'object' || dht === null || Array.isArray(dht)) return check.oneOf('dht', dht, [false, 'public']) as never
  const bootstrap = check.list('dht.bootstrap', dht.bootstrap, (name, value) => check.address(name, value), { max: MAX_BOOTSTRAP })
  const serve = check.boolean('dht.serve', dht.serve, { default: true })
  const interval = check.duration('dht.interval', dht.interval, { min: 1000, max: MAX_DURATION, default: DHT_INTERVAL })
  return { table: { kind: 'private', bootstrap, serve }, interval }
}
