import { check } from '../check/options.ts'
import { MosaikError } from '../check/error.ts'
import { deriveId, uniqueId } from '../id/unique-id.ts'
import type { Ticket } from './types.ts'

/** A ticket of a class (an id or a name) with this content, copied. The same class and content make the same id. Throws `ERR_INVALID_OPTION`. */
export function createTicket(cls: string, data: Uint8Array | string): Ticket {
  if (typeof data !== 'string' && !(data instanceof Uint8Array))
    throw new MosaikError('ERR_INVALID_OPTION', 'the data of a ticket must be text or a Uint8Array')
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data)
  const id = uniqueId(check.text<string>('class', cls))
  return Object.freeze({ id: deriveId(id, bytes), class: id, data: bytes })
}
