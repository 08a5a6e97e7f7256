import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetwork, fileLog, groupKey, secretKey } from '@mosaik/node'
import type { Network } from '@mosaik/node'
import { counter } from './counter.ts'

const directory = await mkdtemp(join(tmpdir(), 'tutorial-'))

/** Three nodes start, count once each, and all of them end. */
async function life(): Promise<void> {
  const networks: Network[] = []
  for (const name of ['ann', 'bob', 'eve']) {
    const bootstrap = networks.flatMap(({ local }) => local.addresses)
    // The same key is the same peer id, and a log belongs to a peer.
    const options = { secretKey: secretKey(`tutorial ${name}`), listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], discovery: { bootstrap } }
    networks.push(await createNetwork('tutorial', options))
  }
  const key = groupKey('a secret that the members share')
  const consensus = { preset: 'fast', minMembers: 3 } as const
  const groups = networks.map((network) =>
    network.groups.join({ key, machine: counter(), consensus, storage: fileLog(join(directory, network.local.id)) }),
  )
  for (const group of groups) console.log('counted to', (await group.execute(1)).reply)
  for (const network of networks) await network.close()
}

await life()
console.log('all have ended')
await life()
await rm(directory, { recursive: true })
