import { componentLogger } from '@mosaik/core'
import { start, stop } from '@libp2p/interface'
import { componentsOf } from './node-components.ts'
import type { Host } from './seam.ts'

/** Ports that a router maps for us stay mapped for 12 min beyond the last renewal. */
const MAPPING_TTL = 12 * 60_000

/**
 * Asks the router to map the listening ports (UPnP), and keeps the mappings while the endpoint lives. What it maps is
 * trusted and becomes an address of the node. No router, or one that refuses, is normal: nothing but the log says so.
 */
export async function createPortMapping(host: Host): Promise<{ close(): Promise<void> }> {
  const logger = componentLogger(host.logger, 'mosaik:upnp')
  const { uPnPNAT } = await import('@libp2p/upnp-nat') // hundreds of modules that hardly anybody needs
  const mapper = uPnPNAT({ portMappingDescription: 'mosaik', portMappingTTL: MAPPING_TTL, autoConfirmAddress: true })(
    componentsOf(host.libp2p),
  )
  try {
    await start(mapper)
  } catch (error) {
    logger.warn('ports are not mapped: %o', error)
  }
  return {
    async close() {
      try {
        await stop(mapper)
      } catch (error) {
        logger.debug('port mapping did not stop cleanly: %o', error)
      }
    },
  }
}
