import { canonical, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue, Codec } from '@mosaik/core'
import type { Element } from '../logic/element.ts'
import type { Outcome, Reply } from './types.ts'

/** Between results and plain data. */
export type ResultElement = Pick<Element<never>, 'dataOf'> & Pick<Element<unknown>, 'valueOf'>

export function replyOf(result: unknown): Reply {
  return typeof result === 'object' && result !== null ? { result } : (result as Reply)
}

export function outcomeOf(reply: Reply): Outcome {
  return typeof reply === 'object' && reply !== null ? reply : { result: reply }
}

/** `{}` is no result; numbers and booleans are as they are. */
export function replyCodec(element: ResultElement): Codec<Reply> {
  return {
    encode: (reply) => {
      const outcome = outcomeOf(reply)
      if ('refused' in outcome) return canonical({ refused: outcome.refused })
      const { result } = outcome
      if (result === undefined) return canonical({})
      if (typeof result === 'number' || typeof result === 'boolean') return canonical({ result })
      return canonical({ value: element.dataOf(result as never) })
    },
    decode: (bytes) => {
      const found = decodeCanonical(bytes) as { refused?: string; result?: number | boolean; value?: CanonicalValue }
      if (found.refused !== undefined) return { refused: String(found.refused) }
      return replyOf(found.value === undefined ? found.result : element.valueOf(found.value))
    },
  }
}
