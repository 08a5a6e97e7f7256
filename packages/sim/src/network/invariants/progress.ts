import { channelTo, connectedConsumers } from '../world/channels.ts'
import type { Invariant } from '../world/probe.ts'
import type { ConsumerRun, ProducerRun } from '../world/records.ts'
import type { Sim } from '../world/sim.ts'

/** Whatever is under way has arrived by then, and credit has come back, where nothing disturbs. */
const UNDER_WAY_MS = 1_400
/** A connection may have been lost without anybody knowing yet. */
const AFTERMATH_MS = 6_000

interface Standstill {
  readonly sent: number
  readonly since: number
}

/** A send that waits while everything before it has been taken waits for nothing. */
export const progress: Invariant = {
  name: 'sends-wait-for-room-only',
  rule: '`send` waits until the producer is online and there is room, no longer (Producer.send)',
  watch: (sim, fail) => {
    const standstills = new WeakMap<ProducerRun, Standstill>()
    return {
      tick: () => {
        for (const run of sim.running.flatMap((life) => [...life.producers])) {
          const sent = connectedConsumers(sim, run).reduce((sum, { info }) => sum + info.stats.datums, 0)
          const before = standstills.get(run)
          const waits = run.unsettled > 0 && run.closingAt === undefined && run.producer.isOnline && everythingWasRead(sim, run)
          if (!waits || before?.sent !== sent) standstills.set(run, { sent, since: sim.now })
          else if (sim.now - before.since > UNDER_WAY_MS) {
            fail(
              `${run.unsettled} sends of producer ${run.id} on ${run.life.name} wait since ${Math.round(before.since)} ms for consumers that wait for items`,
            )
          }
        }
      },
    }
  },
}

/** Nobody has anything of this producer that its application has not taken, and nothing is or was lately between them. */
function everythingWasRead(sim: Sim, run: ProducerRun): boolean {
  return connectedConsumers(sim, run).every(({ info }) => {
    const machine = sim.machineOf(info.peerId)
    if (machine?.life?.isOpen !== true || sim.wasDisturbed(run.life.machine, machine, sim.now - AFTERMATH_MS)) return false
    const readers = [...machine.life.consumers].filter(({ plan }) => plan.stream === run.plan.stream)
    return readers.every((reader) => hasRead(sim, run, reader))
  })
}

function hasRead(sim: Sim, run: ProducerRun, reader: ConsumerRun): boolean {
  return channelTo(sim, reader, run.life.peerId) !== undefined && !reader.waiting.some((item) => item.run === run.id)
}
