import type { SuiteRunner } from '@mosaik/core/testing'
import { check } from '@mosaik/core'
import { isKeyed } from '../driver/machine-host.ts'
import type { SimMachine } from './sim-group/types.ts'
import { applyCases } from './state-machine/apply-cases.ts'
import { History } from './state-machine/history.ts'
import { itemCases } from './state-machine/item-cases.ts'
import { pathCases } from './state-machine/path-cases.ts'
import type { StateMachineBuilder, StateMachineCase, StateMachineSuiteOptions } from './state-machine/types.ts'

/** Every rule for state machines that can be seen from outside, as named cases. */
export const stateMachineCases: readonly StateMachineCase[] = [...applyCases, ...pathCases, ...itemCases]

const CASE_LIMIT_MS = 60_000
const MOST = 1_000_000

/**
 * Registers the conformance suite for a state machine: commands are drawn by chance, and machines that have to be alike are compared.
 * A failure names the rule, the command and the seed; with that seed and `histories: 1` it happens again.
 *
 * ```ts
 * import { describe, it } from 'vitest'
 * const keys = ['a', 'b', 'c']
 * stateMachineSuite('counter', () => ({
 *   create: () => new Counters(),
 *   command: (prng) => ({ add: prng.uint32() % 10, to: keys[prng.uint32() % keys.length] }),
 *   query: (prng) => keys[prng.uint32() % keys.length],
 * }), { describe, it })
 * ```
 *
 * Throws `ERR_INVALID_OPTION`.
 */
export function stateMachineSuite<M extends SimMachine>(
  name: string,
  builder: () => StateMachineBuilder<M>,
  { describe, it }: SuiteRunner,
  options: StateMachineSuiteOptions = {},
): void {
  const cases = stateMachineCases.filter(isFor(builder()))
  resolve(options)
  describe(`state machine suite: ${name}`, () => {
    for (const testCase of cases) it(testCase.name, async () => runStateMachineCase(testCase, builder, options), CASE_LIMIT_MS)
  })
}

/** Plays one rule, for a runner that has no `describe` and `it`. Throws when the rule is broken. */
export function runStateMachineCase<M extends SimMachine>(
  testCase: StateMachineCase,
  builder: () => StateMachineBuilder<M>,
  options: StateMachineSuiteOptions = {},
): void {
  const { histories, commands, seed: first } = resolve(options)
  for (let seed = first; seed < first + histories; seed++) {
    testCase.run(new History(testCase.name, builder() as StateMachineBuilder<SimMachine>, seed, commands))
  }
}

function resolve({ histories, commands, seed }: StateMachineSuiteOptions): Required<StateMachineSuiteOptions> {
  return {
    histories: check.integer('histories', histories, { min: 1, max: MOST, default: 10 }),
    commands: check.integer('commands', commands, { min: 1, max: MOST, default: 100 }),
    seed: check.integer('seed', seed, { default: 1 }),
  }
}

function isFor<M extends SimMachine>({ query, usesContext, create }: StateMachineBuilder<M>): (testCase: StateMachineCase) => boolean {
  const hasItems = isKeyed(create())
  return ({ needs }) => {
    if (needs === 'queries') return query !== undefined
    if (needs === 'items') return hasItems
    return needs !== 'no context' || usesContext !== true
  }
}
