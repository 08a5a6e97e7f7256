import { createTicket, createTicketCache, MosaikError, peerIdOf, secretKey, uniqueId, validateTickets } from '@mosaik/core'
import type { Expiration, Ticket, TicketHolder, TicketValidator } from '@mosaik/core'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'

const holder: TicketHolder = { peerId: peerIdOf(secretKey('holder')), networkId: uniqueId('net'), now: 1000 }

/** Reads a ticket `until:<ms>` or `never`; counts how often it was asked. */
function validator(cls: string, signature = cls): TicketValidator & { asked: number } {
  const self = {
    class: uniqueId(cls),
    signature: uniqueId(signature),
    asked: 0,
    validate(data: Uint8Array): Expiration {
      self.asked++
      const text = new TextDecoder().decode(data)
      if (text === 'never') return 'never'
      if (text.startsWith('until:')) return Number(text.slice(6))
      throw new MosaikError('ERR_INVALID_TICKET', `bad ${text}`)
    },
  }
  return self
}
const tickets = (...data: string[]): Ticket[] => data.map((text) => createTicket('a', text))

describe('createTicket', () => {
  test('golden', () => {
    const ticket = createTicket('my-app.auth', 'credential-data')
    expect(ticket.id).toBe('73782922aea9bd4817cd484d95ad1340a15a855f35db8106eca950eed3fde1e3')
    expect(ticket.class).toBe(uniqueId('my-app.auth'))
    expect(new TextDecoder().decode(ticket.data)).toBe('credential-data')
  })

  test('owns its bytes', () => {
    const data = Uint8Array.of(1, 2)
    const ticket = createTicket('a', data)
    data.fill(0)
    expect(ticket.data).toEqual(Uint8Array.of(1, 2))
    expect(createTicket(uniqueId('a'), Buffer.from([1, 2]))).toEqual(ticket)
    expect(ticket.data.constructor).toBe(Uint8Array)
  })
})

describe('validateTickets', () => {
  test('one validator: the latest of what passes', () => {
    expect(validateTickets(validator('a'), tickets('until:2000', 'x', 'until:5000', 'until:3000'), holder)).toBe(5000)
    expect(validateTickets(validator('a'), tickets('until:2000', 'never'), holder)).toBe('never')
    expect(validateTickets(validator('a'), tickets('never', 'until:2000'), holder)).toBe('never')
  })

  test('many validators: the earliest of all', () => {
    const both = [...tickets('until:2000'), createTicket('b', 'until:3000'), createTicket('c', 'never')]
    expect(validateTickets([validator('a'), validator('b'), validator('c')], both, holder)).toBe(2000)
    expect(validateTickets([validator('c')], both, holder)).toBe('never')
    expect(validateTickets([], both, holder)).toBe('never')
  })

  test('a refusal says who, which class, and why', () => {
    const error = caught(() => validateTickets(validator('a'), tickets('x', 'until:400', 'y'), holder))
    expect(error.code).toBe('ERR_INVALID_TICKET')
    expect(error.message).toContain(`peer ${holder.peerId} has no valid ticket of class ${uniqueId('a').slice(0, 10)}`)
    expect(error.message).toContain('bad x; it expired 600 ms ago; bad y')
    expect((error.cause as Error).message).toBe('bad x')
    expect(caught(() => validateTickets(validator('a'), [createTicket('b', 'never')], holder)).message).toContain('it has none')
    expect(caught(() => validateTickets([validator('c'), validator('a')], [createTicket('c', 'never')], holder)).code).toBe(
      'ERR_INVALID_TICKET',
    )
    const many = caught(() => validateTickets(validator('a'), tickets(...Array.from({ length: 50 }, (_, i) => `t${i}`)), holder))
    expect(many.message).toContain('and 45 more')
  })

  test('an expiration is exclusive, and nonsense is none', () => {
    expect(caught(() => validateTickets(validator('a'), tickets('until:1000'), holder)).message).toContain('expired 0 ms ago')
    expect(validateTickets(validator('a'), tickets('until:1001'), holder)).toBe(1001)
    for (const text of ['until:NaN', 'until:Infinity', 'until:x'])
      expect(caught(() => validateTickets(validator('a'), tickets(text), holder)).code).toBe('ERR_INVALID_TICKET')
  })

  test('a validator that throws anything refuses', () => {
    const broken: TicketValidator = { ...validator('a'), validate: () => { throw new TypeError('oops') } } // prettier-ignore
    expect(caught(() => validateTickets(broken, tickets('x'), holder)).message).toContain('oops')
  })
})

describe('the cache', () => {
  test('asks once until the expiry passes', () => {
    const [cache, a] = [createTicketCache(), validator('a')]
    const judge = (now: number): Expiration => validateTickets(a, tickets('until:2000'), { ...holder, now }, cache)
    expect([judge(1000), judge(1500), judge(1999), a.asked]).toEqual([2000, 2000, 2000, 1])
    expect(caught(() => judge(2000)).code).toBe('ERR_INVALID_TICKET')
    expect(a.asked).toBe(2)
  })

  test('never mixes up validators, tickets, peers or networks', () => {
    const cache = createTicketCache()
    const [a, other] = [validator('a'), validator('a', 'stricter')]
    const [ticket] = tickets('never') as [Ticket]
    validateTickets(a, [ticket], holder, cache)
    validateTickets(other, [ticket], holder, cache)
    expect(other.asked).toBe(1)
    validateTickets(a, [ticket], { ...holder, peerId: peerIdOf(secretKey('thief')) }, cache)
    validateTickets(a, [ticket], { ...holder, networkId: uniqueId('elsewhere') }, cache)
    validateTickets(a, tickets('until:9000'), holder, cache)
    expect(a.asked).toBe(4)
    validateTickets(a, [ticket], holder, cache)
    expect(a.asked).toBe(4)
  })

  test('does not remember refusals: what is not valid yet may become so', () => {
    const [cache, a] = [createTicketCache(), validator('a')]
    for (let i = 0; i < 3; i++) caught(() => validateTickets(a, tickets('x'), holder, cache))
    expect(a.asked).toBe(3)
  })

  test('is bounded; the least recently used goes first', () => {
    const [cache, a] = [createTicketCache({ capacity: 2 }), validator('a')]
    const [one, two, three] = ['until:5001', 'until:5002', 'until:5003'].map((text) => tickets(text)) as [Ticket[], Ticket[], Ticket[]]
    for (const each of [one, two, one, three]) validateTickets(a, each, holder, cache)
    expect(a.asked).toBe(3)
    validateTickets(a, one, holder, cache)
    expect(a.asked).toBe(3)
    validateTickets(a, two, holder, cache)
    expect(a.asked).toBe(4)
  })
})
