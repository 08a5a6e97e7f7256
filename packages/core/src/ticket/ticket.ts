import { deriveId, uniqueId } from '../id/unique-id.ts'
import type { Ticket } from './types.ts'

/** A ticket of a class (an id or a name) with this content, copied. The same class and content make the same id. */
export function createTicket(cls: string, data: Uint8Array | string): Ticket {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data)
  const id = uniqueId(cls)
  return Object.freeze({ id: deriveId(id, bytes), class: id, data: bytes })
}
