import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isIdle, NO_PAIR, pairStep, type PairEffect, type PairEvent, type PairState } from '../src/logic/pairing.ts'

/** Messages on a connection, in order per direction, as the driver would send them. */
type Message =
  | { readonly type: 'hello'; readonly attempt: number; readonly upgrade: boolean; readonly incarnation: string }
  | { readonly type: 'ack'; readonly crossing: number; readonly incarnation: string }
  | { readonly type: 'close' }

type SideName = 'small' | 'large'
const other = (side: SideName): SideName => (side === 'small' ? 'large' : 'small')

/** Two peers and the connections between them, one step at a time. */
class World {
  readonly states: Record<SideName, PairState> = { small: NO_PAIR, large: NO_PAIR }
  readonly queues = new Map<string, Message[]>()
  readonly closed = new Set<string>()
  readonly verified = new Set<string>()
  readonly incarnations: Record<SideName, string> = { small: 's1', large: 'l1' }
  readonly attempts: Record<SideName, number> = { small: 0, large: 0 }
  /** Verified connections that were ended although nothing had broken. */
  readonly hurt: string[] = []
  #keys = 0

  dial(side: SideName, upgrade = false): string {
    const key = `${side}-${++this.#keys}`
    this.step(side, { type: 'dialled', key, attempt: ++this.attempts[side], upgrade })
    return key
  }

  /** The connection breaks: both sides notice, each in its own time. */
  break(key: string): void {
    for (const side of ['small', 'large'] as const) this.send(side, key, { type: 'close' })
  }

  step(side: SideName, event: PairEvent): void {
    const [state, effects] = pairStep(this.states[side], event, side === 'small')
    this.states[side] = state
    for (const effect of effects) this.run(side, effect)
  }

  run(side: SideName, effect: PairEffect): void {
    if (effect.type === 'lost') return
    const { key } = effect
    const incarnation = this.incarnations[side]
    if (effect.type === 'verified') this.verified.add(key)
    if (this.closed.has(`${side} ${key}`)) return
    if (effect.type === 'greet')
      this.send(other(side), key, { type: 'hello', attempt: effect.attempt, upgrade: effect.upgrade, incarnation })
    if (effect.type === 'ack') this.send(other(side), key, { type: 'ack', crossing: this.attempts[side], incarnation })
    if (effect.type === 'drop' || effect.type === 'replace') {
      if (this.verified.has(key)) this.hurt.push(key)
      this.close(side, key)
    }
    if (effect.type === 'retire') this.close(side, key) // It has no streams here.
  }

  close(side: SideName, key: string): void {
    if (this.closed.has(`${side} ${key}`)) return
    this.closed.add(`${side} ${key}`)
    this.send(other(side), key, { type: 'close' })
    this.step(side, { type: 'gone', key })
  }

  send(to: SideName, key: string, message: Message): void {
    const name = `${to} ${key}`
    const queue = this.queues.get(name) ?? []
    this.queues.set(name, [...queue, message])
  }

  /** Delivers the first message of the nth queue that has one. False when all is quiet. */
  deliver(n: number): boolean {
    const names = [...this.queues.keys()].filter((name) => (this.queues.get(name)?.length ?? 0) > 0)
    const name = names[n % Math.max(1, names.length)]
    if (name === undefined) return false
    const [message, ...rest] = this.queues.get(name)!
    this.queues.set(name, rest)
    const [side, key] = name.split(' ') as [SideName, string]
    if (this.closed.has(name) || message === undefined) return true
    if (message.type === 'close') this.close(side, key)
    else if (message.type === 'hello') this.step(side, { ...message, key })
    else this.step(side, { type: 'acked', key, incarnation: message.incarnation, crossing: message.crossing })
    return true
  }

  settle(order: readonly number[]): void {
    for (let i = 0; this.deliver(order[i % order.length] ?? 0); i++) if (i > 10_000) throw new Error('it never settles')
  }
}

const dials = fc.array(fc.record({ side: fc.constantFrom<SideName>('small', 'large'), after: fc.integer({ min: 0, max: 6 }) }), {
  minLength: 1,
  maxLength: 6,
})
const orders = fc.array(fc.nat(50), { minLength: 1, maxLength: 60 })

describe('pairing', () => {
  it('ends with one and the same connection at both sides, and hurts none that was verified', () => {
    fc.assert(
      fc.property(dials, orders, (plan, order) => {
        const world = new World()
        let at = 0
        for (const { side, after } of plan) {
          for (let i = 0; i < after; i++) world.deliver(order[at++ % order.length] ?? 0)
          world.dial(side)
        }
        world.settle(order)
        expect(world.states.small.current?.key).toBeDefined()
        expect(world.states.large.current?.key).toBe(world.states.small.current?.key)
        expect(world.hurt).toEqual([])
        expect([world.states.small.greeting, world.states.small.waiting, world.states.small.parked]).toEqual([undefined, [], []])
      }),
      { numRuns: 3000 },
    )
  })

  it('recovers from connections that break at any time', () => {
    fc.assert(
      fc.property(dials, orders, fc.nat(20), (plan, order, breakAfter) => {
        const world = new World()
        const keys: string[] = []
        let at = 0
        for (const { side, after } of plan) {
          for (let i = 0; i < after; i++) world.deliver(order[at++ % order.length] ?? 0)
          keys.push(world.dial(side))
        }
        for (let i = 0; i < breakAfter; i++) world.deliver(order[at++ % order.length] ?? 0)
        for (const key of keys) world.break(key)
        world.settle(order)
        expect([isIdle(world.states.small), isIdle(world.states.large)]).toEqual([true, true])
        world.dial('large')
        world.settle(order)
        expect(world.states.large.current?.key).toBeDefined()
        expect(world.states.small.current?.key).toBe(world.states.large.current?.key)
      }),
      { numRuns: 3000 },
    )
  })

  it('lets a peer that runs anew replace its old connection at once', () => {
    const world = new World()
    const old = world.dial('large')
    world.settle([0])
    world.states.large = NO_PAIR
    world.incarnations.large = 'l2'
    world.attempts.large = 0
    const fresh = world.dial('large')
    world.deliver(0)
    expect(world.states.small.current?.key).toBe(fresh)
    expect(world.closed.has(`small ${old}`)).toBe(true)
  })

  it('retires the old connection gently when asked to move', () => {
    const world = new World()
    const relayed = world.dial('small')
    world.settle([0])
    const direct = world.dial('small', true)
    world.settle([0])
    expect([world.states.small.current?.key, world.states.large.current?.key]).toEqual([direct, direct])
    expect(world.hurt).toEqual([])
    expect(world.closed.has(`small ${relayed}`)).toBe(true)
  })

  it('drops a second dial while connected', () => {
    const world = new World()
    const first = world.dial('small')
    world.settle([0])
    const second = world.dial('large')
    world.settle([0])
    expect(world.states.large.current?.key).toBe(first)
    expect(world.closed.has(`large ${second}`)).toBe(true)
  })
})
