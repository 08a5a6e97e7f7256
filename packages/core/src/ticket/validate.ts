import { MosaikError } from '../check/error.ts'
import type { Expiration, Ticket, TicketHolder, TicketValidator } from './types.ts'

/** What was found valid before. Owned by whoever validates; see `createTicketCache`. */
export interface TicketCache {
  /** The expiration found earlier, unless it has passed. */
  get(validator: TicketValidator, ticket: Ticket, holder: TicketHolder): Expiration | undefined
  set(validator: TicketValidator, ticket: Ticket, holder: TicketHolder, expiration: Expiration): void
}

export interface TicketCacheOptions {
  /** Results kept, the least recently used going first. Default 4096. */
  readonly capacity?: number
}

const CAPACITY = 4096
const SHOWN_REASONS = 5

/**
 * Remembers acceptances per validator, ticket, peer and network, so that a signature is checked once and not at every
 * change of the catalog. Refusals are not remembered: a ticket may become valid (`nbf`), and a refused peer
 * is not asked about often.
 */
export function createTicketCache({ capacity = CAPACITY }: TicketCacheOptions = {}): TicketCache {
  const results = new Map<string, Expiration>()
  const keyOf = (validator: TicketValidator, ticket: Ticket, holder: TicketHolder): string =>
    `${validator.signature} ${ticket.id} ${holder.networkId} ${holder.peerId}`
  return {
    get(validator, ticket, holder) {
      const key = keyOf(validator, ticket, holder)
      const expiration = results.get(key)
      if (expiration === undefined) return undefined
      results.delete(key)
      if (hasPassed(expiration, holder.now)) return undefined
      results.set(key, expiration)
      return expiration
    },
    set(validator, ticket, holder, expiration) {
      const key = keyOf(validator, ticket, holder)
      results.delete(key)
      if (results.size >= capacity) results.delete(results.keys().next().value as string)
      results.set(key, expiration)
    },
  }
}

/**
 * Until when a peer with these tickets satisfies all validators: the earliest of their expirations, `'never'` when there
 * is no validator. One validator accepts the peer when any ticket of its class holds, until the latest of those.
 *
 * Throws `ERR_INVALID_TICKET` when a validator accepts none, with the reasons; `error.cause` is the first of them.
 */
export function validateTickets(
  validators: TicketValidator | readonly TicketValidator[],
  tickets: readonly Ticket[],
  holder: TicketHolder,
  cache?: TicketCache,
): Expiration {
  let earliest: Expiration = 'never'
  for (const validator of Array.isArray(validators) ? (validators as readonly TicketValidator[]) : [validators as TicketValidator]) {
    const expiration = validateOne(validator, tickets, holder, cache)
    if (isLater(earliest, expiration)) earliest = expiration
  }
  return earliest
}

function validateOne(
  validator: TicketValidator,
  tickets: readonly Ticket[],
  holder: TicketHolder,
  cache: TicketCache | undefined,
): Expiration {
  const refusals: unknown[] = []
  let latest: Expiration | undefined
  for (const ticket of tickets) {
    if (ticket.class !== validator.class) continue
    try {
      const expiration = judge(validator, ticket, holder, cache)
      if (latest === undefined || isLater(expiration, latest)) latest = expiration
    } catch (error) {
      refusals.push(error)
    }
  }
  if (latest !== undefined) return latest
  throw refused(validator, refusals, holder)
}

function judge(validator: TicketValidator, ticket: Ticket, holder: TicketHolder, cache: TicketCache | undefined): Expiration {
  const known = cache?.get(validator, ticket, holder)
  if (known !== undefined) return known
  const expiration = validator.validate(ticket.data, holder)
  if (expiration !== 'never' && !Number.isFinite(expiration)) {
    throw new MosaikError('ERR_INVALID_TICKET', `the validator answered ${String(expiration)} for an expiration`)
  }
  if (hasPassed(expiration, holder.now)) throw new MosaikError('ERR_INVALID_TICKET', `it expired ${holder.now - Number(expiration)} ms ago`)
  cache?.set(validator, ticket, holder, expiration)
  return expiration
}

function refused(validator: TicketValidator, refusals: readonly unknown[], holder: TicketHolder): MosaikError {
  const reasons = refusals.slice(0, SHOWN_REASONS).map((error) => (error instanceof Error ? error.message : String(error)))
  const why = reasons.length === 0 ? 'it has none' : reasons.join('; ')
  const rest = refusals.length > reasons.length ? `; and ${refusals.length - reasons.length} more` : ''
  return new MosaikError(
    'ERR_INVALID_TICKET',
    `peer ${holder.peerId} has no valid ticket of class ${validator.class.slice(0, 10)}: ${why}${rest}`,
    refusals.length === 0 ? {} : { cause: refusals[0] },
  )
}

function hasPassed(expiration: Expiration, now: number): boolean {
  return expiration !== 'never' && expiration <= now
}

function isLater(a: Expiration, b: Expiration): boolean {
  return b !== 'never' && (a === 'never' || a > b)
}
