import { createLink, signWith } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import type { Statement } from '../src/logic/statement.ts'
import { encodeDetails } from '../src/wire/details.ts'
import { announceTopic, SYNC_PROTOCOL } from '../src/wire/protocols.ts'
import { encodeAnnouncement, networkMark, signStatement, toWire } from '../src/wire/statement.ts'
import { encodeSync } from '../src/wire/sync.ts'
import { author, details, NETWORK } from './builders.ts'
import { closeAll, converged, metric, simNetwork } from './helpers.ts'
import type { Node } from './helpers.ts'

const SYBILS = 200

/** Genuine entries of peers that do not exist, all of them said to be at the address of somebody else. */
function sybils(now: number, address: string, tag: string): Statement[] {
  return Array.from({ length: SYBILS }, (_, i) => {
    const { key, id } = author(`sybil ${i}`)
    const said = encodeDetails(details({ addresses: [address.slice(0, address.indexOf('/p2p/'))], tags: [tag] }))
    const parts = { peerId: id, startedAt: 0, updatedAt: now, details: said }
    return signStatement(parts, networkMark(NETWORK), (bytes) => signWith(key, bytes))
  })
}

test('a member that invents peers at the address of another one does not make everyone dial it', async () => {
  await using world = simWorld({ seed: 'misdirected' })
  const nodes = await simNetwork(world, 3)
  await converged(world, nodes)
  const [dialler, target] = nodes as [Node, Node]
  const attacker = await world.endpoint('net')
  const dials = (): number => metric(dialler.metrics, 'mosaik.discovery.dials')
  const before = dials()

  const link = createLink(await world.run(attacker.open(dialler.address, SYNC_PROTOCOL)), { clock: attacker.clock, firstMessageMs: 0 })
  const invented = sybils(attacker.clock.now(), target.address, 'a')
  link.send(encodeSync({ type: 'statements', more: false, wanted: [], statements: invented.map((one) => toWire(one, true)) }))
  await world.run(link.receive())
  expect(dialler.discovery.catalog.value.size).toBe(2 + SYBILS)
  await world.run('60s')
  expect(dials() - before).toBeLessThan(16 + 60 + 8)

  // nor by announcing news of them that must be fetched from somebody
  const asked = new Set<string>()
  const { endpoint } = dialler
  const open = endpoint.open.bind(endpoint)
  endpoint.open = (to, protocol, options) => (asked.add(to), open(to, protocol, options))
  const topic = attacker.gossip.join(announceTopic(attacker.networkId), () => 'ignore')
  await world.run(topic.neighbours.until((peers) => peers.has(dialler.id)))
  for (const { head } of sybils(attacker.clock.now() + 1, target.address, 'b')) topic.publish(encodeAnnouncement(head))
  await world.run('10s')
  expect(asked).toContain(attacker.id)
  for (const { head } of invented) expect(asked).not.toContain(head.peerId)
  await closeAll(world, nodes)
})
