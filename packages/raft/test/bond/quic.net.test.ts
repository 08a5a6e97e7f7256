import { createMetrics, randomId } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { afterEach, expect, test } from 'vitest'
import { createBonds } from '../../src/bond/bonds.ts'
import type { Bonds, Membership } from '../../src/bond/types.ts'
import { groupIdOf } from '../../src/group-id.ts'
import { randomGroupKey } from '../../src/group-key.ts'
import type { GroupKey } from '../../src/group-key.ts'
import { FAST } from './support/world.ts'

const started: { readonly discovery: Discovery; readonly bonds: Bonds }[] = []

afterEach(async () => {
  await Promise.all(
    started.splice(0).map(async ({ discovery, bonds }) => {
      await bonds.close()
      await discovery.close()
      await discovery.endpoint.close()
    }),
  )
})

async function start(network: string): Promise<(typeof started)[0]> {
  const endpoint = await createEndpoint(network, { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], metrics: createMetrics() })
  const bootstrap = started.map(({ discovery }) => discovery.endpoint.addresses[0] as string).slice(0, 1)
  const discovery = await createDiscovery(endpoint, { bootstrap })
  const node = { discovery, bonds: createBonds(discovery) }
  started.push(node)
  return node
}

interface Received {
  readonly peer: PeerId
  readonly length: number
  readonly kind: string
}

function join(bonds: Bonds, key: GroupKey, received: (frame: Received) => void): Membership {
  return bonds.join({
    groupId: groupIdOf({ key }),
    key,
    timing: FAST,
    hello: () => new Uint8Array(8),
    onUp: () => {},
    onDown: () => {},
    onFrame: (peer, bytes, kind) => received({ peer, length: bytes.length, kind }),
  })
}

test('over QUIC: three members form a mesh, exchange small and large frames, and part', async () => {
  const network = randomId()
  const key = randomGroupKey()
  const nodes = [await start(network), await start(network), await start(network)]
  const received: Received[][] = nodes.map(() => [])
  const arrived = Promise.withResolvers<void>()
  const groups = nodes.map(({ bonds }, i) =>
    join(bonds, key, (frame) => {
      received[i]?.push(frame)
      if (received.every(({ length }) => length === 4)) arrived.resolve()
    }),
  )
  await Promise.all(groups.map(({ bonds }) => bonds.until(({ length }) => length === 2)))
  for (const group of groups) {
    for (const { peerId } of group.bonds.value) {
      expect(group.send(peerId, new Uint8Array(3_000_000), { bulk: true })).toBe(true)
      expect(group.send(peerId, new Uint8Array(7))).toBe(true)
    }
  }
  await arrived.promise
  for (const [i, frames] of received.entries()) {
    for (const { peerId } of groups[i]?.bonds.value ?? []) {
      const ofPeer = frames.filter(({ peer }) => peer === peerId)
      expect(ofPeer.map(({ kind, length }) => `${kind} ${length}`).sort()).toEqual(['bulk 3000000', 'control 7'])
    }
  }
  const [first, ...others] = groups as [Membership, Membership, Membership]
  await first.leave()
  await Promise.all(others.map(({ bonds }) => bonds.until(({ length }) => length === 1)))
})
