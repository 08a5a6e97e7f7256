import { createDiscovery } from '@mosaik/discovery'
import { fileLog } from '@mosaik/raft'
import type { GroupEvent, LogStore } from '@mosaik/raft'
import { Life } from './machine.ts'
import type { Machine } from './machine.ts'
import type { MemberRun } from './member.ts'
import type { MembersSim } from './sim.ts'

const NETWORK = 'sim-groups'
const SEGMENT_BYTES = 4_096

/** Starts a process on a machine, for the first time or again. */
export async function start(sim: MembersSim, machine: Machine): Promise<void> {
  const { plan, life: before } = machine
  if (before?.isOpen === true || before?.state === 'leaving') return
  const endpoint =
    before === undefined
      ? await sim.world.endpoint(NETWORK, { label: plan.label, clockSkew: machine.skewMs })
      : await sim.world.restart(before.endpoint)
  const life = new Life(machine, endpoint, (before?.number ?? 0) + 1, sim.now)
  machine.life = life
  sim.log(`start ${life.name}${plan.durable ? `, disk ${diskOf(machine, 0)}` : ''}${plan.preference === 'observer' ? ', observer' : ''}`)
  const bootstrap = sim.machines.flatMap(({ life: other }) =>
    other === undefined || other === life ? [] : other.endpoint.addresses.slice(0, 1),
  )
  life.discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: sim.plan.announceInterval })
  life.top = sim.enter(life)
}

/** Tells what its group tells, from now on. */
export function follow(sim: MembersSim, run: MemberRun): void {
  const events = run.group.events()
  const work = async (): Promise<void> => {
    for await (const event of events) {
      if (!run.isOpen && run.life.state !== 'leaving') return
      sim.log(`${run.name}: ${inWords(sim, event)}`)
      if (event.type === 'superseded') sim.seen.superseded += 1
      sim.tell((probe) => probe.onEvent?.(run, event))
    }
  }
  void work()
  const commits = async (): Promise<void> => {
    for await (const index of run.group.committed) sim.tell((probe) => probe.onCommitted?.(run, index))
  }
  void commits()
}

function inWords(sim: MembersSim, event: GroupEvent): string {
  switch (event.type) {
    case 'leader':
      return `${sim.nameOf(event.leader)} leads in term ${event.term}`
    case 'membership':
      return `members ${event.members.map(({ peerId, standing, incarnation }) => `${sim.nameOf(peerId)}/${incarnation.slice(0, 4)} ${standing}`).join(', ')}`
    case 'lineage':
      return `history ${event.lineage.slice(0, 8)}${event.parent === undefined ? '' : ` from ${event.parent.slice(0, 8)} after ${event.fork}`}`
    case 'superseded':
      return `history ${event.lineage.slice(0, 8)} has lost against ${event.by.slice(0, 8)}, with ${event.entries.length} commands`
    case 'failed':
      return `failed: ${event.error.stack ?? event.error.message}`
    default:
      return JSON.stringify(event)
  }
}

function diskOf(machine: Machine, group: number): string {
  return `${machine.plan.label}-${group}-${machine.wiped}`
}

/** Its log on its machine's disk, if that has one. */
export function diskLog(sim: MembersSim, { machine, endpoint }: Life, group: number): LogStore | undefined {
  if (!machine.plan.durable) return undefined
  const disk = sim.world.disk(diskOf(machine, group)).mount({ clock: endpoint.clock, latency: { min: 0, max: sim.plan.diskMs } })
  return fileLog('/log', { disk, segmentBytes: SEGMENT_BYTES })
}

/** A process is killed, or its machine loses power: then what was not synced is torn or lost. */
export function crash(sim: MembersSim, life: Life, power: boolean): void {
  sim.log(`${power ? 'power cut at' : 'crash of'} ${life.name}`)
  life.end('crashed', sim.now)
  sim.world.crash(life.endpoint)
  if (life.machine.plan.durable) {
    for (const { index } of sim.plan.groups) {
      const disk = sim.world.disk(diskOf(life.machine, index))
      if (power) disk.cutPower()
      else disk.killAll()
    }
  }
  sim.tell((probe) => probe.onCrash?.(life))
}

/** Its disks are replaced by empty ones. */
export function wipe(sim: MembersSim, machine: Machine): void {
  sim.log(`wipe ${machine.plan.label}`)
  machine.wiped += 1
  machine.before.clear()
}

/** Two election timeouts and a second for leaving; then links close, those to who does not answer within 2 s, of the group and of its node. */
export const LEAVE_MS = 6_000

/** A graceful leave. Resolves when it is over. */
export async function leave(sim: MembersSim, life: Life): Promise<void> {
  sim.log(`leave ${life.name}`)
  life.state = 'leaving'
  const since = sim.now
  await life.top.close()
  const took = sim.now - since
  if (took > LEAVE_MS)
    sim.fail(
      'everything-settles',
      'close() of a group waits at most two election timeouts for its removal, and is bounded (docs/consistency.md, members)',
      `${life.name} took ${took} ms`,
    )
  await life.discovery.close()
  await life.endpoint.close()
  life.end('left', sim.now)
  sim.log(`${life.name} has left`)
}
