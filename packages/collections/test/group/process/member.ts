/**
 * A node that writes a Map at full speed, each key once. Prints what happens, one JSON value a line: `{ address }`, `{ voter }` when it has a
 * vote, `{ acked }` for each write. Reads `stop`, and `?` for all keys. Its one argument is a `MemberArguments`.
 */
import { createInterface } from 'node:readline'
import { MosaikError } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createGroups } from '@mosaik/raft'
import { createCollections, defineMap } from '../../../src/index.ts'
import type { MemberArguments, Told } from './members.ts'

const IN_FLIGHT = 4

const { name, bootstrap } = JSON.parse(process.argv[2] as string) as MemberArguments
const say = (what: Told): void => void process.stdout.write(`${JSON.stringify(what)}\n`)

const endpoint = await createEndpoint('collections that are killed', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] })
const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '1s' })
// Three of five: nobody begins a history of its own that loses against another.
const Written = defineMap<string, number>('written', undefined, { consensus: { preset: 'fast', minMembers: 3 } })
const map = createCollections(createGroups(discovery)).writer(Written)
say({ address: endpoint.addresses[0] as string })
let isWriting = true

async function write(lane: number): Promise<void> {
  for (let n = 0; isWriting; n++) {
    const key = `${name}.${lane}.${n}`
    try {
      await map.insert(key, n)
      say({ acked: key })
    } catch (error) {
      if (!MosaikError.is(error, 'ERR_UNKNOWN') && !MosaikError.is(error, 'ERR_OFFLINE')) say({ failed: String(error) })
    }
  }
}

async function follow(): Promise<void> {
  for await (const event of map.group.events()) {
    if (event.type === 'failed' || event.type === 'superseded' || event.type === 'diverged') say({ failed: event.type })
  }
}

void follow()
void map.group.members
  .until((members) => members.some(({ peerId, standing }) => peerId === endpoint.id && standing === 'voter'))
  .then(() => say({ voter: true }))
const lanes = Promise.all(Array.from({ length: IN_FLIGHT }, (_, lane) => write(lane)))

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'stop') {
    isWriting = false
    await lanes
    say({ stopped: true })
  } else if (line === '?') say({ keys: [...map.keys()], index: map.version.index, lineage: map.version.lineage })
}
process.exit() // whoever has started it is gone
