import type { Invariant } from '../world/probe.ts'
import type { ConsumerChannel, ProducerChannel } from '../world/records.ts'

/** So long after a fault an end may not have learned what the other end said: a connection is given up after 3.7 s of silence. */
const AFTERMATH_MS = 5_000

/** Ends that tell each other why must agree, unless a fault came in between. */
export const closeReasons: Invariant = {
  name: 'same-reason-at-both-ends',
  rule: '`closed` gives the same reason at both ends of a channel (ChannelInfo.closed)',
  watch: (sim, fail) => {
    const consumers = new Set<ConsumerChannel>()
    const compare = (mine: ConsumerChannel, theirs: ProducerChannel): void => {
      const [a, b] = [mine.ended?.reason, theirs.ended?.reason]
      if (a === undefined || b === undefined) return
      consumers.delete(mine)
      if (a.code === b.code || mine.run.life.state === 'crashed' || theirs.run.life.state === 'crashed') return
      const first = Math.min(mine.ended?.at ?? 0, theirs.ended?.at ?? 0)
      if (sim.wasDisturbed(mine.run.life.machine, theirs.run.life.machine, first - AFTERMATH_MS)) return
      const where = `consumer ${mine.run.id} on ${mine.run.life.name} and producer ${theirs.run.id} on ${theirs.run.life.name}`
      fail(`${where}: ${a.code} ${a.name} (${a.detail ?? ''}) here, ${b.code} ${b.name} (${b.detail ?? ''}) there`)
    }
    return {
      onConsumerChannelEnd: (channel) => {
        if (channel.from !== undefined && isAlone(channel)) consumers.add(channel)
      },
      tick: () => {
        for (const channel of consumers) {
          const other = counterpart(channel)
          if (other?.ended !== undefined) compare(channel, other)
          else if ((channel.ended?.at ?? 0) < sim.now - 60_000) consumers.delete(channel)
        }
      },
    }
  },
}

/** A subscription that consumers share goes on when one of them leaves. */
function isAlone({ run }: ConsumerChannel): boolean {
  return run.life.machine.plan.consumers.filter(({ stream }) => stream === run.plan.stream).length === 1
}

/** The newest subscription of this node that the producer had when the consumer learned that it was connected. */
function counterpart({ from, run, connectedAt }: ConsumerChannel): ProducerChannel | undefined {
  const own = [...(from?.channels.values() ?? [])].filter(
    ({ info, connectedAt: at }) => info.peerId === run.life.peerId && at <= connectedAt,
  )
  return own.toSorted((a, b) => b.connectedAt - a.connectedAt)[0]
}
