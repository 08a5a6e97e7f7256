import { createTicket, MosaikError, uniqueId } from '@mosaik/core'
import type { Ticket, TicketValidator } from '@mosaik/core'

const CLASS = 'sim.pass'

/** A ticket without secrets: its content is the moment at which it expires. */
export function pass(expiresAt: number | 'never'): Ticket {
  return createTicket(CLASS, String(expiresAt))
}

export const passValidator: TicketValidator = {
  class: uniqueId(CLASS),
  signature: uniqueId('sim.pass validator'),
  validate: (data, { now }) => {
    const text = new TextDecoder().decode(data)
    if (text === 'never') return 'never'
    const expiresAt = Number(text)
    if (expiresAt > now) return expiresAt
    throw new MosaikError('ERR_INVALID_TICKET', `the pass expired at ${text}`)
  },
}
