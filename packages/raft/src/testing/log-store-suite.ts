import type { SuiteRunner } from '@mosaik/core/testing'
import { entryCases } from './log-store/entry-cases.ts'
import { lifeCases } from './log-store/life-cases.ts'
import { runLogCase } from './log-store/rig.ts'
import { stateCases } from './log-store/state-cases.ts'
import type { LogStoreBuilder, LogStoreCase } from './log-store/types.ts'

/** Every promise of `LogStore` that can be seen from outside, as named cases. */
export const logStoreCases: readonly LogStoreCase[] = [...entryCases, ...stateCases, ...lifeCases]

const CASE_LIMIT_MS = 60_000

/**
 * Registers the conformance suite for one implementation of `LogStore`. `builder` makes a fresh set of places for each case.
 *
 * ```ts
 * import { describe, it } from 'vitest'
 * logStoreSuite('memory', () => ({ create: () => memoryLog() }), { describe, it })
 * ```
 */
export function logStoreSuite(name: string, builder: () => LogStoreBuilder, { describe, it }: SuiteRunner): void {
  const probe = builder()
  const canCrash = probe.crash !== undefined
  const isDurable = probe.create('probe').durable
  void probe[Symbol.asyncDispose]?.()
  describe(`log store suite: ${name}`, () => {
    for (const testCase of logStoreCases) {
      if ((testCase.needs === 'crash' && !canCrash) || (testCase.needs === 'durable' && !isDurable)) continue
      it(testCase.name, () => runLogCase(testCase, builder()), CASE_LIMIT_MS)
    }
  })
}
