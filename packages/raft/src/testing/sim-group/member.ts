import { check } from '@mosaik/core'
import type { Endpoint, PeerId } from '@mosaik/core'
import type { SimDisk } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { groupKey } from '../../group-key.ts'
import { createGroups } from '../../groups.ts'
import { fileLog } from '../../storage/file-log.ts'
import { memoryLog } from '../../storage/memory-log.ts'
import type { LogStore } from '../../storage/types.ts'
import type { GroupEvent, Groups, JoinOptions, StateMachine } from '../../types.ts'
import type { SimHandle, SimMachine, SimMember, SimMemberOptions, SimPlace, SimStorage } from './types.ts'

const KEY = groupKey('simulated group')

/** One run of a member's process. */
interface Life<M> {
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly groups: Groups
  readonly group: SimHandle<M>
  readonly machine: M
  readonly events: readonly GroupEvent[]
}

/** A place in the world, and the life that is led there now. */
export class Place<M extends SimMachine> implements SimMember<M> {
  readonly name: string
  readonly id: PeerId
  readonly disk: SimDisk
  state: 'running' | 'paused' | 'gone' = 'running'
  /** What it joins with, in its next life too. */
  options: SimMemberOptions<M>
  #life: Life<M>

  constructor(name: string, disk: SimDisk, options: SimMemberOptions<M>, life: Life<M>) {
    this.name = name
    this.id = life.endpoint.id
    this.disk = disk
    this.options = options
    this.#life = life
  }

  get group(): SimHandle<M> {
    return this.#life.group
  }
  get machine(): M {
    return this.#life.machine
  }
  get events(): readonly GroupEvent[] {
    return this.#life.events
  }
  get endpoint(): Endpoint {
    return this.#life.endpoint
  }
  get discovery(): Discovery {
    return this.#life.discovery
  }
  get groups(): Groups {
    return this.#life.groups
  }

  /** Why its group has ended here, if it has. */
  get failure(): Error | undefined {
    for (const event of this.events) if (event.type === 'failed') return event.error
    return undefined
  }

  beginAgain(life: Life<M>): void {
    this.#life = life
    this.state = 'running'
  }

  /** With goodbyes, from the top down. */
  async leave(): Promise<void> {
    const { groups, discovery, endpoint } = this.#life
    await groups.close()
    await discovery.close()
    await endpoint.close()
    this.state = 'gone'
  }
}

/** Starts what a member consists of, and joins. */
export async function live<M extends SimMachine>(
  place: SimPlace,
  { machine: make, storage, discovery: told, endpoint: _, ...options }: SimMemberOptions<M>,
  bootstrap: readonly string[],
): Promise<Life<M>> {
  const { endpoint } = place
  const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '2s', ...told })
  const groups = createGroups(discovery)
  const machine = make?.() as M
  const joining: JoinOptions = { key: KEY, consensus: 'fast', ...options, storage: storeAt(place, storage) }
  const group = groups.join({ ...joining, machine: machine as StateMachine<unknown, unknown, unknown, unknown> })
  const events: GroupEvent[] = []
  void collect(group.events(), events)
  return { endpoint, discovery, groups, group: group as SimHandle<M>, machine, events }
}

function storeAt(place: SimPlace, storage: SimStorage = 'memory'): LogStore {
  if (typeof storage === 'function') return storage(place)
  if (check.oneOf('storage', storage, ['memory', 'durable'] as const) === 'memory') return memoryLog()
  return fileLog('/log', { disk: place.disk.mount({ clock: place.endpoint.clock }) })
}

async function collect(from: AsyncIterable<GroupEvent>, into: GroupEvent[]): Promise<void> {
  for await (const event of from) into.push(event)
}
