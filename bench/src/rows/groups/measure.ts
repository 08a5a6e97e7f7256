import type { Closed, Load } from '../../roles/load.ts'
import { watchCpu } from '../../processes.ts'
import { fixed, median, short } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Contender, Running } from './contenders.ts'

export interface Case {
  readonly name: string
  readonly what: Load['what']
  readonly at: 'leader' | 'follower'
  readonly concurrency: number
}

export interface Sample extends Closed {
  /** CPU microseconds of servers and caller per call. */
  readonly cpu: number
  readonly foreign: number
}

export const WARM_MS = 800
const WARM_CONCURRENCY = 64

/** By contender and case, what each run gave; a run's figures of all contenders stand at the same place. */
export class Results {
  readonly #samples = new Map<string, Map<string, Sample[]>>()
  readonly foreign: number[] = []

  add(contender: string, name: string, sample: Sample): void {
    const cases = this.#samples.get(contender) ?? new Map<string, Sample[]>()
    this.#samples.set(contender, cases)
    cases.set(name, [...(cases.get(name) ?? []), sample])
    if (!Number.isNaN(sample.foreign)) this.foreign.push(sample.foreign)
  }

  /** Whoever has failed once has no figures. */
  drop(contender: string): void {
    this.#samples.delete(contender)
  }

  get contenders(): readonly string[] {
    return [...this.#samples.keys()]
  }

  has(contender: string, name: string): boolean {
    return this.#samples.get(contender)?.has(name) === true
  }

  /** The median over all runs; NaN for whoever has none. */
  mid(contender: string, name: string, of: (sample: Sample) => number): number {
    const samples = this.#samples.get(contender)?.get(name)
    return samples === undefined ? NaN : median(samples.map(of))
  }

  /** The median of the ratios of figures of the same run. */
  ratio(
    one: readonly [contender: string, name: string],
    other: readonly [contender: string, name: string],
    of: (sample: Sample) => number,
  ): number {
    const [ours, theirs] = [one, other].map(([contender, name]) => this.#samples.get(contender)?.get(name))
    if (ours === undefined || theirs === undefined) return NaN
    return median(ours.flatMap((sample, at) => (theirs[at] === undefined ? [] : [of(sample) / of(theirs[at])])))
  }
}

/** All contenders in turn, in fresh processes, `runs` times and every other time in reverse. */
export async function inTurn(
  title: string,
  contenders: Readonly<Record<string, Contender>>,
  cases: (contender: string) => readonly Case[],
  { runs, ms }: { readonly runs: number; readonly ms: number },
): Promise<Results> {
  const results = new Results()
  const order = new Map(Object.entries(contenders))
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, start] of run % 2 === 1 ? [...order] : [...order].toReversed()) {
      try {
        await using running = await start(`${title}, ${name}`)
        await closed(running, { name: '', what: 'write', at: 'leader', concurrency: WARM_CONCURRENCY }, WARM_MS)
        for (const each of cases(name)) {
          if (each.at === 'follower' && running.follower === undefined) continue
          const sample = await closed(running, each, ms)
          results.add(name, each.name, sample)
          progress(`  ${run}/${runs} ${name}, ${each.name}: ${line(sample)}`)
        }
      } catch (error) {
        failed(error)
        order.delete(name)
        results.drop(name)
      }
    }
  }
  return results
}

export async function closed(running: Running, { what, at, concurrency }: Case, ms: number): Promise<Sample> {
  const caller = at === 'leader' ? running.leader : running.follower
  if (caller === undefined) throw new Error('there is nobody to call at a follower')
  const used = watchCpu(running.pids)
  caller.tell({ type: 'load', what, concurrency, ms })
  const result = await caller.next<Closed>('loaded', ms + 30_000)
  const { seconds, cpu, foreign } = used()
  return { ...result, cpu: (cpu / (result.rate * seconds)) * 1e6, foreign }
}

export const line = ({ rate, p50, p99, cpu, foreign }: Sample): string =>
  `${short(rate)}/s  p50 ${fixed(p50, 3)} ms  p99 ${fixed(p99, 3)} ms  CPU ${fixed(cpu, 1)} µs  foreign ${fixed(foreign, 2)}`
