import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Assembly } from '../../src/bond/logic/assembly.ts'
import { Outbound } from '../../src/bond/logic/outbound.ts'
import type { OutboundLimits } from '../../src/bond/logic/outbound.ts'
import { isSameProof, proofOf } from '../../src/bond/logic/proof.ts'
import type { Occasion } from '../../src/bond/logic/proof.ts'
import { whenDialled } from '../../src/bond/logic/rivals.ts'
import type { Standing } from '../../src/bond/logic/rivals.ts'
import { Silence } from '../../src/bond/logic/silence.ts'
import { idOf } from './support/raw.ts'

describe('whenDialled', () => {
  const ours: Standing = { dialledBy: 'us', started: true, token: 5n, run: undefined }
  const fresh = { run: 1n, seen: 0n }

  test('nothing to rival, or what the peer gave up itself: accept', () => {
    for (const lower of [true, false]) {
      expect(whenDialled(undefined, fresh, lower)).toBe('accept')
      expect(whenDialled({ ...ours, started: false }, fresh, lower)).toBe('accept')
      expect(whenDialled({ ...ours, dialledBy: 'them' }, fresh, lower)).toBe('accept')
      expect(whenDialled(ours, { ...fresh, seen: 5n }, lower)).toBe('accept')
      expect(whenDialled({ ...ours, run: 2n }, fresh, lower)).toBe('accept')
    }
  })

  test('both have dialled: the dial of the lower id stays, on both sides', () => {
    expect(whenDialled(ours, fresh, true)).toBe('refuse')
    expect(whenDialled(ours, fresh, false)).toBe('accept')
    expect(whenDialled({ ...ours, run: 1n }, { run: 1n, seen: 4n }, true)).toBe('refuse')
  })
})

describe('Silence', () => {
  test('counts ticks without an answer, each for at most twice its time', () => {
    const silence = new Silence(0)
    silence.tick(100, 100)
    expect(silence.ms).toBe(100)
    silence.tick(60_000, 100)
    expect(silence.ms).toBe(300)
    expect(silence.next(60_000)).toEqual({ sequence: 1, ack: 0 })
    expect(silence.received({ sequence: 1, ack: 0 })).toBeUndefined()
    expect(silence.ms).toBe(300)
    expect(silence.received({ sequence: 2, ack: 1 })).toBe(60_000)
    expect(silence.ms).toBe(0)
  })

  test('answers when the newest acknowledged heartbeat was sent; refuses what cannot be', () => {
    const silence = new Silence(0)
    for (const at of [10, 20, 30]) silence.next(at)
    expect(silence.received({ sequence: 1, ack: 2 })).toBe(20)
    expect(silence.received({ sequence: 1, ack: 3 })).toBe('impossible')
    expect(silence.received({ sequence: 2, ack: 1 })).toBe('impossible')
    expect(silence.received({ sequence: 2, ack: 4 })).toBe('impossible')
    expect(silence.received({ sequence: 2, ack: 3 })).toBe(30)
    expect(silence.next(40)).toEqual({ sequence: 4, ack: 2 })
  })
})

describe('proofOf', () => {
  const secret = new Uint8Array(32).fill(9)
  const occasion: Occasion = {
    networkId: idOf('network'),
    groupId: idOf('group'),
    prover: 'p' as never,
    verifier: 'v' as never,
    proverNonce: new Uint8Array(32).fill(1),
    verifierNonce: new Uint8Array(32).fill(2),
  }

  test('depends on everything', () => {
    const others: Occasion[] = [
      { ...occasion, networkId: idOf('other') },
      { ...occasion, groupId: idOf('other') },
      { ...occasion, prover: 'q' as never },
      { ...occasion, verifier: 'q' as never },
      { ...occasion, prover: 'v' as never, verifier: 'p' as never },
      { ...occasion, proverNonce: new Uint8Array(32) },
      { ...occasion, verifierNonce: new Uint8Array(32) },
      { ...occasion, proverNonce: occasion.verifierNonce, verifierNonce: occasion.proverNonce },
    ]
    const proofs = [proofOf(secret, occasion), proofOf(new Uint8Array(32), occasion), ...others.map((other) => proofOf(secret, other))]
    expect(new Set(proofs.map((proof) => Buffer.from(proof).toString('hex'))).size).toBe(proofs.length)
    expect(isSameProof(proofs[0] as Uint8Array, proofOf(secret, { ...occasion }))).toBe(true)
    for (const other of proofs.slice(1)) expect(isSameProof(proofs[0] as Uint8Array, other)).toBe(false)
    expect(isSameProof(proofs[0] as Uint8Array, new Uint8Array(31))).toBe(false)
  })
})

describe('Outbound', () => {
  const limits: OutboundLimits = {
    pieceBytes: 10,
    maxPartial: 2,
    ownBytes: 200,
    controlBytes: 400,
    bulkBytes: 400,
    totalBytes: 900,
    reservedBytes: 100,
  }

  function drain(outbound: Outbound): string[] {
    const order: string[] = []
    for (let next = outbound.next(); next !== undefined; next = outbound.next()) {
      order.push(next.type === 'ready' ? 'ready' : `${next.type} ${next.n}:${next.payload.length}`)
    }
    return order
  }

  test('own frames, then control in turn, then bulk in turn, piece by piece', () => {
    const outbound = new Outbound(limits)
    for (const n of [1, 2, 3]) outbound.open(n)
    outbound.push(1, new Uint8Array(25), true)
    outbound.push(2, new Uint8Array(12), true)
    for (const n of [3, 3, 3]) outbound.push(n, new Uint8Array(4), true)
    for (const n of [1, 1, 2]) outbound.push(n, new Uint8Array(n), false)
    outbound.own(new Uint8Array(1))
    expect(drain(outbound)).toEqual([
      'ready', 'control 1:1', 'control 2:2', 'control 1:1',
      'part 1:10', 'part 2:10', 'bulk 3:4', 'bulk 3:4', 'bulk 3:4', 'part 1:10', 'bulk 2:2', 'bulk 1:5',
    ]) // prettier-ignore
    expect(outbound.bytes).toBe(0)
  })

  test('only so many long frames are begun at a time; short ones go by', () => {
    const outbound = new Outbound(limits)
    for (const n of [1, 2, 3, 4]) outbound.open(n)
    for (const n of [1, 2, 3]) outbound.push(n, new Uint8Array(20), true)
    outbound.push(4, new Uint8Array(5), true)
    expect(drain(outbound)).toEqual(['part 1:10', 'part 2:10', 'bulk 4:5', 'bulk 1:10', 'part 3:10', 'bulk 2:10', 'bulk 3:10'])
  })

  test('what is reserved for a group cannot be taken by others; who was refused is told once', () => {
    const outbound = new Outbound(limits)
    for (const n of [1, 2, 3, 4]) outbound.open(n)
    for (const n of [1, 2, 3]) while (outbound.push(n, new Uint8Array(68), true));
    expect(outbound.bytes).toBe(900)
    expect(outbound.push(4, new Uint8Array(68), false)).toBe(true)
    expect(outbound.push(4, new Uint8Array(0), false)).toBe(false)
    expect(outbound.push(9, new Uint8Array(0), false)).toBe(false)
    expect(outbound.takeReady()).toEqual([])
    drain(outbound)
    expect(outbound.takeReady()).toEqual([1, 2, 3, 4])
    expect(outbound.takeReady()).toEqual([])
  })

  test('whatever happens: per group and kind the order stays, nothing is lost but what was refused, limits hold', () => {
    const step = fc.record({
      n: fc.integer({ min: 1, max: 4 }),
      size: fc.integer({ min: 2, max: 60 }),
      what: fc.integer({ min: 0, max: 5 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const outbound = new Outbound(limits)
        const expected = new Map<string, string[]>()
        const got = new Map<string, string[]>()
        const assembly = new Assembly(1000, limits.maxPartial)
        const take = (): boolean => {
          const next = outbound.next()
          if (next === undefined || next.type === 'ready') return next !== undefined
          if (next.type === 'part') {
            expect(next.payload).toHaveLength(limits.pieceBytes)
            expect(assembly.part(next.n, next.payload)).toBeUndefined()
            return true
          }
          const whole = next.type === 'bulk' ? (assembly.finish(next.n, next.payload) as Uint8Array) : next.payload
          const key = `${next.type} ${next.n}`
          got.set(key, [...(got.get(key) ?? []), whole.join()])
          return true
        }
        for (let n = 1; n <= 4; n++) outbound.open(n)
        for (const [i, { n, size, what }] of steps.entries()) {
          if (what === 0) {
            take()
            continue
          }
          const bytes = new Uint8Array(size).fill(i % 250)
          if (!outbound.push(n, bytes, what > 2)) continue
          const key = `${what > 2 ? 'bulk' : 'control'} ${n}`
          expected.set(key, [...(expected.get(key) ?? []), bytes.join()])
          expect(outbound.bytes).toBeLessThanOrEqual(limits.totalBytes + 4 * 2 * limits.reservedBytes)
        }
        while (take());
        expect(got).toEqual(new Map([...expected].filter(([, frames]) => frames.length > 0)))
        expect(outbound.bytes).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('closing a group frees its room and its place, and hands back its control frames', () => {
    const outbound = new Outbound(limits)
    for (const n of [1, 2, 3]) outbound.open(n)
    for (const n of [1, 2, 3]) outbound.push(n, new Uint8Array(20), true)
    outbound.push(1, new Uint8Array(3), false)
    expect(outbound.next()).toMatchObject({ type: 'control' })
    outbound.push(1, new Uint8Array(3), false)
    outbound.next()
    outbound.next()
    outbound.next()
    outbound.push(1, new Uint8Array(4), false)
    expect(outbound.close(1)).toEqual([new Uint8Array(4)])
    expect(outbound.close(1)).toEqual([])
    outbound.close(2)
    outbound.close(3)
    expect(outbound.bytes).toBe(0)
    expect(outbound.next()).toBeUndefined()
  })

  test('the own frames of a bond are bounded too', () => {
    const outbound = new Outbound(limits)
    for (let i = 0; i < 3; i++) outbound.own(new Uint8Array(30))
    expect(outbound.overrun).toBe(false)
    outbound.own(new Uint8Array(30))
    expect(outbound.overrun).toBe(true)
  })
})

describe('Assembly', () => {
  test('refuses more at a time, and longer, than allowed', () => {
    const assembly = new Assembly(20, 2)
    const piece = new Uint8Array(10)
    expect(assembly.part(1, piece)).toBeUndefined()
    expect(assembly.part(2, piece)).toBeUndefined()
    expect(assembly.part(3, piece)).toMatch(/at a time/)
    assembly.forget(2)
    expect(assembly.part(3, piece)).toBeUndefined()
    expect(assembly.part(1, piece)).toBeUndefined()
    expect(assembly.part(1, piece)).toMatch(/above 20/)
    expect(assembly.finish(3, new Uint8Array(11))).toMatch(/above 20/)
    expect(assembly.finish(4, piece)).toBe(piece)
  })
})
