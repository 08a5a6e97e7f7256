import { median, short } from '../stats.ts'
import { failed, progress } from '../table.ts'
import type { Flow } from './flows.ts'

/** What one contender did, run by run. Runs of the same index of all contenders happened one after the other. */
export type Runs = readonly Flow[]
export type Contenders = Readonly<Record<string, (row: string) => Promise<Flow>>>

/**
 * Runs the contenders in turn, `runs` times and every other time in reverse, so that a noisy minute hurts all of them and
 * nobody always follows the same one. Whoever fails is reported and out: it has no result.
 */
export async function interleaved(title: string, contenders: Contenders, runs: number): Promise<ReadonlyMap<string, Runs>> {
  const results = new Map<string, Flow[]>(Object.keys(contenders).map((name) => [name, []]))
  const order = Object.entries(contenders)
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, measure] of run % 2 === 1 ? order : order.toReversed()) {
      try {
        const flow = await measure(`${title}, ${name}`)
        const latency = Number.isNaN(flow.p50) ? '' : `  p50 ${flow.p50.toFixed(3)} ms  p99 ${flow.p99.toFixed(3)} ms`
        const [sender, receiver] = [part(flow.senderCpu, flow.senderThreadCpu), part(flow.receiverCpu, flow.receiverThreadCpu)]
        const cpu = `  CPU µs/item ${sender} + ${receiver}`
        progress(`  ${name} ${run}/${runs}: ${short(flow.rate)}/s${cpu}${latency}`)
        results.get(name)?.push(flow)
      } catch (error) {
        failed(error)
        results.delete(name)
        order.splice(
          order.findIndex(([other]) => other === name),
          1,
        )
      }
    }
  }
  return results
}

const part = (all: number, thread: number): string => `${all.toFixed(2)} (JS ${thread.toFixed(2)})`

/** The median of a figure over all runs; NaN for whoever has none. */
export const mid = (runs: Runs | undefined, of: (flow: Flow) => number): number => (runs === undefined ? NaN : median(runs.map(of)))

/** The median of the ratios of runs that happened side by side. */
export function ratio(runs: Runs | undefined, peers: Runs | undefined, of: (flow: Flow) => number): number {
  if (runs === undefined || peers === undefined) return NaN
  return median(runs.flatMap((flow, at) => (peers[at] === undefined ? [] : [of(flow) / of(peers[at])])))
}
