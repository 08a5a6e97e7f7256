/**
 * A member with its log in the directory given. Prints what happens, one JSON value a line; each line that it reads is executed as a
 * command, `?` asks for the state. Arguments: network, directory, addresses to start from.
 */
import { createInterface } from 'node:readline'
import { MosaikError, secretKey } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { groupKey } from '../../../src/group-key.ts'
import { createGroups } from '../../../src/groups.ts'
import { fileLog } from '../../../src/storage/file-log.ts'
import { Journal } from '../../group/world.ts'

const [network, directory, listen, ...bootstrap] = process.argv.slice(2) as [string, string, string, ...string[]]
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
const endpoint = await createEndpoint(network, { listen: [listen], secretKey: secretKey(directory) })
const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '1s' })
const journal = new Journal()
const group = createGroups(discovery).join({ key: groupKey('journal'), machine: journal, consensus: 'fast', storage: fileLog(directory) })
say({ started: endpoint.id, address: endpoint.addresses[0] })

async function tell(): Promise<void> {
  for await (const members of group.members) say({ voters: members.filter(({ standing }) => standing === 'voter').length })
}
async function follow(): Promise<void> {
  for await (const event of group.events()) if (event.type === 'leader') say({ leader: event.leader ?? null, term: event.term })
}
void tell()
void follow()

for await (const line of createInterface({ input: process.stdin })) {
  if (line === '?') say({ lines: (await group.query('all', { timeout: '60s' })).result, term: group.term, leader: group.leader })
  else
    void group.execute(line, { timeout: '60s' }).then(
      ({ reply }) => say({ done: line, reply }),
      (error: unknown) => say({ failed: line, code: MosaikError.is(error) ? error.code : String(error) }),
    )
}
