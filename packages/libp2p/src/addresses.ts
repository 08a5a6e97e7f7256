import { createWatch, joinAddress, mapWatch } from '@mosaik/core'
import type { Clock, PeerId, Watch, WatchSource } from '@mosaik/core'
import { distance, isUnspecified, isZoneless } from './logic/dial-order.ts'
import { toNextTick } from './logic/grid.ts'
import type { Node } from './node.ts'

/** How often the interfaces of the machine are looked at, ms. */
const REFRESH_MS = 5000
const MAX_ADDRESSES = 64

/** Where this node can be dialled. */
export interface OwnAddresses {
  readonly watch: WatchSource<readonly string[]>
  /** True while one of them is public or goes through a relay. */
  readonly online: WatchSource<boolean>
  /** Replaces what `source` announced before. */
  announce(source: string, addresses: readonly string[]): void
  close(reason: Error): void
}

/** Follows the listeners of a started node, the machine's interfaces, and what is announced besides. */
export function watchAddresses(node: Node, id: PeerId, clock: Clock): OwnAddresses {
  const announced = new Map<string, readonly string[]>()
  const watch = createWatch<readonly string[]>([])
  const online = mapWatch(watch as Watch<readonly string[]>, (addresses) => addresses.some(reachesOut))
  const refresh = (): void => {
    const own = node.internals.addressManager
      .getAddressesWithMetadata()
      .filter(({ verified, type }) => verified || type === 'transport')
      .map(({ multiaddr }) => multiaddr.toString())
    const all = [...new Set([...own, ...[...announced.values()].flat()].map((address) => joinAddress(address, id)))]
    const next = all.filter((address) => !isUnspecified(address) && !isZoneless(address)).slice(0, MAX_ADDRESSES)
    if (next.join() !== watch.value.join()) watch.set(Object.freeze(next))
  }
  let cancel = (): void => undefined
  const poll = (): void => {
    refresh()
    cancel = clock.after(toNextTick(clock.monotonic(), REFRESH_MS), poll)
  }
  const events = node.libp2p as unknown as EventTarget
  const changes = ['transport:listening', 'transport:close', 'self:peer:update']
  for (const change of changes) events.addEventListener(change, refresh)
  poll()
  return {
    watch,
    online,
    announce: (source, addresses) => {
      announced.set(source, addresses)
      refresh()
    },
    close: (reason) => {
      cancel()
      for (const change of changes) events.removeEventListener(change, refresh)
      watch.close(reason)
    },
  }
}

const reachesOut = (address: string): boolean => ['public', 'relay'].includes(distance(address))
