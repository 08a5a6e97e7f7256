import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTicket, generateSecretKey } from '@mosaik/core'
import type { SecretKey, TicketValidator } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createGroups, fileLog } from '@mosaik/raft'
import { afterEach, describe, expect, it } from 'vitest'
import { createCollections, defineMap, definePriorityQueue } from '../../src/index.ts'
import type { Collections } from '../../src/index.ts'

interface Node {
  readonly discovery: Discovery
  readonly collections: Collections
  readonly addresses: readonly string[]
  close(): Promise<void>
}

const consensus = 'fast'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function node(...bootstrap: readonly string[]): Promise<Node> {
  return nodeOf(generateSecretKey(), bootstrap)
}

async function nodeOf(secretKey: SecretKey, bootstrap: readonly string[] = []): Promise<Node> {
  const endpoint = await createEndpoint('collections over QUIC', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], secretKey })
  const discovery = await createDiscovery(endpoint, { bootstrap })
  const groups = createGroups(discovery)
  const collections = createCollections(groups)
  const close = async (): Promise<void> => {
    for (const floor of [collections, groups, discovery, endpoint]) await floor.close()
  }
  closing.push(close)
  return { discovery, collections, addresses: endpoint.addresses, close }
}

describe('over QUIC', () => {
  it('many writes of two writers are the same everywhere, also for a late reader', async () => {
    const Counts = defineMap<string, { readonly by: number }>('counts', undefined, { consensus })
    const first = await node()
    const second = await node(...first.addresses)
    const one = first.collections.writer(Counts)
    const two = second.collections.writer(Counts)
    await Promise.all([one, two].map(({ group }) => group.members.until((members) => members.length === 2)))
    const entries = (by: number): [string, { by: number }][] => Array.from({ length: 1_000 }, (_, i) => [`${by}.${i}`, { by }])
    const batches = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? one : two).extend(entries(i)))
    const singles = entries(10).map(([key, value]) => two.insert(key, value))
    const committed = await Promise.all([...batches, ...singles])
    const late = (await node(...second.addresses)).collections.reader(Counts)
    await late.when.online()
    expect(late.size).toBe(11_000)
    await Promise.all(committed.slice(-3).map((write) => late.when.reaches(write)))
    await one.when.reaches(late.version)
    expect([...late]).toEqual([...one])
  })

  it('what is stored on disk is there again after everyone has left', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mosaik-collections-'))
    closing.push(() => rm(directory, { recursive: true }))
    const Jobs = definePriorityQueue<bigint, { readonly id: number }, string>('jobs', {}, { consensus })
    const key = generateSecretKey()
    const before = await nodeOf(key)
    const jobs = before.collections.writer(Jobs, { storage: fileLog(directory) })
    await jobs.extend([
      [2n, { id: 2 }, 'two'],
      [1n, { id: 1 }, 'one'],
    ])
    const { version } = await jobs.updateValue({ id: 2 }, 'second')
    await before.close()
    const again = (await nodeOf(key)).collections.writer(Jobs, { storage: fileLog(directory) })
    await again.when.online()
    await again.when.reaches(version)
    expect([...again]).toEqual([
      [1n, { id: 1 }, 'one'],
      [2n, { id: 2 }, 'second'],
    ])
  })

  it('who has no ticket, or not the secret, is not in it', async () => {
    const requireTicket: TicketValidator = {
      class: createTicket('pass', '').class,
      signature: createTicket('pass', 'signature').class,
      validate: (data) => {
        if (new TextDecoder().decode(data) !== 'let me in') throw new Error('not this one')
        return 'never'
      },
    }
    const Shared = defineMap<string, number>('shared', undefined, { consensus, requireTicket, secret: 'open sesame' })
    const Guessed = defineMap<string, number>('shared', undefined, { consensus, requireTicket, secret: 'open barley' })
    const first = await node()
    const [second, third] = [await node(...first.addresses), await node(...first.addresses)]
    for (const { discovery } of [first, second]) discovery.addTicket(createTicket('pass', 'let me in'))
    const one = first.collections.writer(Shared)
    const two = second.collections.reader(Shared)
    const without = third.collections.reader(Shared)
    const guessing = second.collections.reader(Guessed)
    const { version } = await one.insert('a', 1)
    await two.when.reaches(version)
    expect(two.get('a')).toBe(1)
    expect([without.size, without.isOnline, guessing.size, guessing.isOnline]).toEqual([0, false, 0, false])
    third.discovery.addTicket(createTicket('pass', 'let me in'))
    await without.when.reaches(version)
    expect(guessing.isOnline).toBe(false)
  })
})
