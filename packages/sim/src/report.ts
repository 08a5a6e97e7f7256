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
