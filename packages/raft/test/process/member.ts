/**
 * A member with its log in a directory. Prints what happens, one JSON value a line; each line that it reads is executed as a
 * command, `?` asks for the state. Its one argument is a `MemberArguments`.
 */
import { createInterface } from 'node:readline'
import { MosaikError, secretKey } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { groupKey } from '../../src/group-key.ts'
import { createGroups } from '../../src/groups.ts'
import { fileLog } from '../../src/storage/file-log.ts'
import { Journal } from '../group/world.ts'
import type { MemberArguments, Told } from './processes.ts'

const { network, directory, listen, bootstrap, retention, timeout, consensus, inMemory, isObserver } = JSON.parse(
  process.argv[2] as string,
) as MemberArguments
const say = (what: Told): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
const codeOf = (error: unknown): string => (MosaikError.is(error) ? error.code : String(error))

const endpoint = await createEndpoint(network, { listen: [listen], secretKey: secretKey(directory) })
const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '1s' })
const journal = new Journal()
const group = createGroups(discovery).join({
  key: groupKey('journal'),
  machine: journal,
  consensus: consensus ?? 'fast',
  ...(inMemory !== true && { storage: fileLog(directory) }),
  ...(isObserver === true && { preference: 'observer' as const }),
  ...(retention !== undefined && { retention: { entries: retention } }),
})
say({ started: endpoint.id, address: endpoint.addresses[0] as string })

async function tell(): Promise<void> {
  for await (const members of group.members) say({ voters: members.filter(({ standing }) => standing === 'voter').length })
}
async function look(): Promise<void> {
  for await (const bonds of group.bonds) say({ bonds: bonds.length })
}
async function follow(): Promise<void> {
  for await (const event of group.events()) {
    if (event.type === 'leader') say({ leader: event.leader ?? null, term: event.term })
    if (event.type === 'lineage') say({ lineage: event.lineage })
    if (event.type === 'failed') say({ ended: String(event.error) })
    if (event.type === 'superseded' || event.type === 'diverged') say({ surprise: event.type })
  }
}
void tell().catch(() => {}) // `ended` has said why
void look().catch(() => {})
void follow()

for await (const line of createInterface({ input: process.stdin })) {
  if (line === '?') {
    void group.query('all', { timeout }).then(
      ({ result }) => say({ lines: result as readonly string[], term: group.term, leader: group.leader ?? null }),
      (error: unknown) => say({ lines: null, code: codeOf(error) }),
    )
  } else {
    void group.execute(line, { timeout }).then(
      () => say({ done: line }),
      (error: unknown) => say({ failed: line, code: codeOf(error) }),
    )
  }
}
process.exit() // whoever has started it is gone
