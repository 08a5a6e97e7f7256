import type { Outcome } from './outcome.ts'

/** What somebody needs who has never seen this seed: what broke, what was promised, how to see it again, what led to it. */
export function failureReport({ world, seed, violation, story, wire, hash }: Outcome, nodes?: number): string {
  if (violation === undefined) return `seed ${seed}: nothing failed`
  const command = `pnpm sim${world === 'groups' ? '' : ` --world ${world}`} --seed ${seed}${nodes === undefined ? '' : ` --nodes ${nodes}`} --verbose`
  return [
    `seed ${seed} violates ${violation.invariant} after ${(violation.at / 1000).toFixed(3)} virtual seconds: ${violation.what}`,
    `  promised: ${violation.rule}`,
    `  replay:   ${command}`,
    `  trace:    ${hash}`,
    '  what was done last:',
    ...story.map((line) => `    ${line}`),
    '  on the wires last:',
    ...wire.map((line) => `    ${line}`),
  ].join('\n')
}

export function oneLine({ seed, counts, events, virtualMs, healedInMs, hash }: Outcome): string {
  const healed = healedInMs === undefined ? 'did not heal' : `healed in ${Math.round(healedInMs)} ms`
  return `seed ${seed}: ${inWords(counts)}, ${events} events in ${(virtualMs / 1000).toFixed(1)} virtual seconds, ${healed}, trace ${hash}`
}

function inWords(counts: Outcome['counts']): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

/** Sums over a campaign. */
export class Totals {
  seeds = 0
  failed = 0
  readonly #healing: number[] = []
  readonly #counts: Record<string, number> = {}
  #events = 0
  #virtualMs = 0

  add({ violation, counts, events, virtualMs, healedInMs }: Outcome): void {
    this.seeds += 1
    if (violation !== undefined) this.failed += 1
    if (healedInMs !== undefined) this.#healing.push(healedInMs)
    for (const [name, count] of Object.entries(counts)) this.#counts[name] = (this.#counts[name] ?? 0) + count
    this.#events += events
    this.#virtualMs += virtualMs
  }

  text(): string {
    const healing = this.#healing.toSorted((a, b) => a - b)
    const at = (share: number): string => `${((healing[Math.floor(share * (healing.length - 1))] ?? 0) / 1000).toFixed(1)} s`
    return [
      `${this.seeds} seeds, ${this.failed} failed`,
      `${inWords(this.#counts)}, ${this.#events} events`,
      `${(this.#virtualMs / 3_600_000).toFixed(2)} virtual hours`,
      `healed in ${at(0.5)} (median), ${at(0.99)} (99 of 100), ${at(1)} (worst)`,
    ].join(', ')
  }
}
