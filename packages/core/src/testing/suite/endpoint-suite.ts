import { MosaikError } from '../../check/error.ts'
import { connectionCases } from './connection-cases.ts'
import { gossipCases } from './gossip-cases.ts'
import { openCases } from './open-cases.ts'
import { runCase } from './rig.ts'
import { streamCases } from './stream-cases.ts'
import type { EndpointBuilder, EndpointCase, EndpointSuiteOptions, SuiteRunner } from './types.ts'

/** Every promise of `Endpoint`, `ByteStream` and `Gossip` that can be seen from outside, as named cases. */
export const endpointCases: readonly EndpointCase[] = [...openCases, ...streamCases, ...connectionCases, ...gossipCases]

const CASE_LIMIT_MS = 60_000

/**
 * Registers the conformance suite for one implementation of `Endpoint`. `builder` makes a fresh world for each case.
 *
 * ```ts
 * import { describe, it } from 'vitest'
 * endpointSuite('QUIC', () => ({ clock: systemClock, create: (name, options) => createEndpoint(name, { ...options, listen }) }), { describe, it })
 * ```
 *
 * Throws `ERR_INVALID_OPTION` when `knownFailures` names a case that does not exist.
 */
export function endpointSuite(
  name: string,
  builder: () => EndpointBuilder,
  { describe, it }: SuiteRunner,
  { timeFactor = 1, knownFailures = [] }: EndpointSuiteOptions = {},
): void {
  const probe = builder()
  const canKill = probe.kill !== undefined
  void probe[Symbol.asyncDispose]?.()
  for (const failure of knownFailures) {
    if (!endpointCases.some((testCase) => testCase.name === failure)) {
      throw new MosaikError('ERR_INVALID_OPTION', `knownFailures: the endpoint suite has no case '${failure}'`)
    }
  }
  describe(`endpoint suite: ${name}`, () => {
    for (const testCase of endpointCases) {
      if (knownFailures.includes(testCase.name) || (testCase.needs === 'kill' && !canKill)) continue
      it(testCase.name, () => runCase(testCase, builder(), timeFactor), CASE_LIMIT_MS * timeFactor)
    }
  })
}
