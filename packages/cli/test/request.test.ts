import { expect, it } from 'vitest'
import { isRepeated } from '../src/request.ts'

it.each([
  ['SIGINT', 0, true],
  ['SIGINT', 299, true],
  ['SIGINT', 300, false],
  ['SIGTERM', 0, false],
] as const)('SIGINT, and %s %i ms later, is the same request: %s', (signal, later, isSame) => {
  expect(isRepeated({ signal: 'SIGINT', at: 1_000 }, { signal, at: 1_000 + later })).toBe(isSame)
})
