import type { Outcome } from './run-seed.ts'

/** What somebody needs who has never seen this seed: what broke, what was promised, how to see it again, what led to it. */
export function failureReport({ seed, violation, story, wire, hash }: Outcome, nodes?: number): string {
  if (violation === undefined) return `seed ${seed}: nothing failed`
  const command = `pnpm sim --seed ${seed}${nodes === undefined ? '' : ` --nodes ${nodes}`} --verbose`
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

export function oneLine({ seed, nodes, items, arrivals, events, virtualMs, healedInMs, hash }: Outcome): string {
  const healed = healedInMs === undefined ? 'did not heal' : `healed in ${Math.round(healedInMs)} ms`
  return `seed ${seed}: ${nodes} nodes, ${items} items sent, ${arrivals} arrivals, ${events} events in ${(virtualMs / 1000).toFixed(1)} virtual seconds, ${healed}, trace ${hash}`
}

/** Sums over a campaign. */
export class Totals {
  seeds = 0
  failed = 0
  readonly #healing: number[] = []
  #nodes = 0
  #items = 0
  #arrivals = 0
  #events = 0
  #virtualMs = 0

  add({ violation, nodes, items, arrivals, events, virtualMs, healedInMs }: Outcome): void {
    this.seeds += 1
    if (violation !== undefined) this.failed += 1
    if (healedInMs !== undefined) this.#healing.push(healedInMs)
    this.#nodes += nodes
    this.#items += items
    this.#arrivals += arrivals
    this.#events += events
    this.#virtualMs += virtualMs
  }

  text(): string {
    const healing = this.#healing.toSorted((a, b) => a - b)
    const at = (share: number): string => `${((healing[Math.floor(share * (healing.length - 1))] ?? 0) / 1000).toFixed(1)} s`
    return [
      `${this.seeds} seeds, ${this.failed} failed`,
      `${this.#nodes} machines, ${this.#items} items sent, ${this.#arrivals} arrivals, ${this.#events} events`,
      `${(this.#virtualMs / 3_600_000).toFixed(2)} virtual hours`,
      `healed in ${at(0.5)} (median), ${at(0.99)} (99 of 100), ${at(1)} (worst)`,
    ].join(', ')
  }
}
