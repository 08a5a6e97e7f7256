/**
 * A node with all six collections, which it writes at full speed from `write` to `stop`; `states` asks for what is there. Prints what happens.
 * Its one argument is a `MemberArguments`.
 */
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createMetrics, MosaikError, secretKey, seededPrng } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createGroups, fileLog } from '@mosaik/raft'
import { createCollections } from '../../src/index.ts'
import type { Change } from '../../src/index.ts'
import { KINDS, perform, subjects, writeOf } from './kinds.ts'
import type { Any, Kind } from './kinds.ts'
import type { MemberArguments, State, Told } from './processes.ts'
import { drawWrite } from './writes.ts'

/** Before a pipe that is full is tried again. */
const FULL_MS = 1
const nobody = new Int32Array(new SharedArrayBuffer(4))

const { network, name, identity, bootstrap, directory, reads, lanes, timeout, isWitness } = JSON.parse(
  process.argv[2] as string,
) as MemberArguments

const metrics = createMetrics()
const endpoint = await createEndpoint(network, {
  listen: ['/ip4/127.0.0.1/udp/0/quic-v1'],
  secretKey: secretKey(identity),
  metrics,
})
const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '1s' })
const collections = createCollections(createGroups(discovery))
const handles = Object.fromEntries(KINDS.map((kind) => [kind, open(kind)])) as Record<Kind, Any>
say({ type: 'started', id: endpoint.id, address: endpoint.addresses[0] as string })

const prng = seededPrng(name)
let given = 0
let isWriting = false
let writing: Promise<unknown> = Promise.resolve()

for (const kind of KINDS) void follow(kind)
if (isWitness) for (const kind of KINDS) void Promise.all([watch(kind), list(kind)])
void Promise.all(KINDS.map((kind) => handles[kind].when.online())).then(() => say({ type: 'online' }))

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'write') {
    isWriting = true
    const written = KINDS.filter((kind) => !reads.includes(kind))
    writing = Promise.all(written.flatMap((kind) => Array.from({ length: lanes }, () => write(kind))))
  } else if (line === 'stop') {
    isWriting = false
    void writing.then(() => say({ type: 'stopped' }))
  } else if (line === 'states') {
    const states = Object.fromEntries(KINDS.map((kind) => [kind, stateOf(kind)])) as Record<Kind, State>
    say({ type: 'states', states, rss: process.memoryUsage.rss(), syncs: syncs() })
  }
}
process.exit() // whoever has started it is gone

/** Not through a stream, which would keep what it cannot write at once: what was said is out, whenever the kill comes. */
function say(told: Told): void {
  let rest = Buffer.from(`${JSON.stringify(told)}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(nobody, 0, 0, FULL_MS)
    }
  }
}

function open(kind: Kind): Any {
  const options = directory === undefined ? {} : { storage: fileLog(join(directory, kind)) }
  const { definition } = subjects[kind]
  return reads.includes(kind) ? collections.reader(definition, options) : collections.writer(definition, options)
}

async function write(kind: Kind): Promise<void> {
  const handle = handles[kind]
  while (isWriting) {
    const number = ++given
    let values = 0
    const next = drawWrite(kind, handle, {
      below: (end) => prng.uint32() % end,
      value: () => `${name}.${number}.${values++}`,
    })
    say({ type: 'given', kind, number, write: next })
    try {
      const { version, result } = await perform(handle, next, timeout)
      if (handle.version.index < version.index) say({ type: 'surprise', kind, what: `${version.index} cannot be read here` })
      say({ type: 'done', kind, number, index: version.index, result })
    } catch (error) {
      say({ type: 'failed', kind, number, code: MosaikError.is(error) ? error.code : String(error) })
    }
  }
}

async function follow(kind: Kind): Promise<void> {
  for await (const event of handles[kind].group.events()) {
    if (event.type === 'failed') say({ type: 'surprise', kind, what: String(event.error) })
    if (event.type === 'superseded' || event.type === 'diverged') say({ type: 'surprise', kind, what: event.type })
    if (event.type === 'lineage' && isWitness) say({ type: 'lineage', kind })
    if (event.type === 'leader' && isWitness) say({ type: 'leader', kind, leader: event.leader ?? null })
  }
}

async function list(kind: Kind): Promise<void> {
  for await (const members of handles[kind].group.members) {
    say({ type: 'members', kind, members: members.map(({ peerId, incarnation, standing }) => [peerId, incarnation, standing]) })
  }
}

async function watch(kind: Kind): Promise<void> {
  for await (const change of handles[kind].changes() as AsyncIterable<Change>) {
    if (change.type === 'write') {
      say({ type: 'seen', kind, index: change.version.index, write: writeOf(change), result: change['result'] })
    } else say({ type: 'missed', kind, index: handles[kind].version.index })
  }
}

function stateOf(kind: Kind): State {
  const handle = handles[kind]
  const contents = subjects[kind].contents(handle as never)
  const hash = createHash('sha256').update(JSON.stringify(contents)).digest('hex')
  return { ...handle.version, items: contents.length, hash, ...(isWitness && { contents }) }
}

/** How often a state was taken in as a whole. */
function syncs(): number {
  const counters = metrics.text().matchAll(/^mosaik_collections_syncs_started\S* (\d+)/gm)
  return [...counters].reduce((sum, [, count]) => sum + Number(count), 0)
}
