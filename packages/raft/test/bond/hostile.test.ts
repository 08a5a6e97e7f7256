import { CloseReasons, createLink } from '@mosaik/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFrame, encodeFrame } from '../../src/bond/wire/frames.ts'
import type { BondFrame } from '../../src/bond/wire/frames.ts'
import { GroupCloseReasons, MAX_FRAME_BYTES, PIECE_BYTES, PROTOCOL } from '../../src/bond/wire/protocol.ts'
import { idOf, RawPeer } from './support/raw.ts'
import { BondWorld, metric } from './support/world.ts'
import type { Node, TestGroup } from './support/world.ts'

interface Scene {
  readonly world: BondWorld
  readonly victim: Node
  readonly group: TestGroup
  readonly friend: TestGroup
  readonly raw: RawPeer
}

/** Two bonded members, and a peer that says what it likes. */
async function scene(seed: string, side: 'lower' | 'higher' = 'lower'): Promise<Scene & AsyncDisposable> {
  const world = new BondWorld(seed)
  const [victim, other] = (await world.network(2)) as [Node, Node]
  const [group, friend] = [world.join(victim, 'g'), world.join(other, 'g')]
  await world.meshed([group, friend])
  const ids = [victim.id, other.id].sort()
  const raw = await RawPeer.beside(world, victim, side, side === 'lower' ? ids[0] : ids[1])
  return { world, victim, group, friend, raw, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

/** The friend was never disturbed. */
function undisturbed({ group, friend }: Scene): void {
  expect(group.happened.filter(({ type, peer }) => type === 'down' && peer === friend.node.id)).toEqual([])
  expect(group.peers).toContain(friend.node.id)
}

const nonce = new Uint8Array(32).fill(1)
const open = (name = 'g', n = 1): BondFrame => ({ type: 'open', n, groupId: idOf(name), nonce, observer: false })

test('an honest stranger with the key is a member', async () => {
  await using s = await scene('honest')
  await s.raw.bond()
  await s.raw.up('g')
  expect(s.group.peers).toContain(s.raw.id)
  undisturbed(s)
})

test('a wrong key: refused, counted, logged; other groups of the bond stay', async () => {
  await using s = await scene('wrong key')
  s.world.join(s.victim, 'h')
  await s.raw.bond()
  await s.raw.up('h', 1)
  s.raw.send(open('g', 2))
  const answer = await s.raw.receive('answer')
  s.raw.send({ type: 'prove', n: 2, proof: s.raw.proof('h', nonce, answer.nonce), hello: new Uint8Array(0) })
  expect((await s.raw.receive('close')).reason).toMatchObject({ name: 'InvalidProof' })
  expect(metric(s.victim, 'mosaik.groups.proofs.invalid')).toBe(1)
  expect(s.victim.log.filter((line) => line.includes('does not know the key'))).toHaveLength(1)
  expect(s.group.peers).not.toContain(s.raw.id)
  s.raw.send({ type: 'control', n: 1, payload: new Uint8Array(1) })
  await s.world.sim.run('500ms')
  expect(s.raw.link.ended).toBeUndefined()
  undisturbed(s)
})

test('a proof that was good is not good again', async () => {
  await using s = await scene('replay')
  await s.raw.bond()
  s.raw.send(open('g', 1))
  const answer = await s.raw.receive('answer')
  const prove = { type: 'prove', proof: s.raw.proof('g', nonce, answer.nonce), hello: new Uint8Array(0) } as const
  s.raw.send({ ...prove, n: 1 })
  await s.raw.receive('up')
  s.raw.send({ type: 'close', n: 1, reason: GroupCloseReasons.Departed })
  s.raw.send(open('g', 2))
  expect((await s.raw.receive('answer')).nonce).not.toEqual(answer.nonce)
  s.raw.send({ ...prove, n: 2 })
  expect((await s.raw.receive('close')).reason).toMatchObject({ name: 'InvalidProof' })
  undisturbed(s)
})

test('the own proof, reflected, is refused', async () => {
  await using s = await scene('reflected')
  await s.raw.bond()
  s.raw.send(open())
  const { proof } = await s.raw.receive('answer')
  s.raw.send({ type: 'prove', n: 1, proof, hello: new Uint8Array(0) })
  expect((await s.raw.receive('close')).reason).toMatchObject({ name: 'InvalidProof' })
  undisturbed(s)
})

test('a proof relayed from a member is refused on both sides', async () => {
  await using s = await scene('relay')
  // The stranger asks the friend with the victim's nonce, and shows the victim what the friend answers.
  const between = new RawPeer(s.world, s.raw.endpoint, s.friend.node)
  s.friend.node.discovery.insert({ peerId: s.raw.id, addresses: [...s.raw.endpoint.addresses] })
  await s.raw.bond()
  await between.bond()
  s.raw.send(open())
  const { nonce: theirs } = await s.raw.receive('answer')
  between.send({ type: 'open', n: 1, groupId: idOf('g'), nonce: theirs, observer: false })
  const { proof } = await between.receive('answer')
  s.raw.send({ type: 'prove', n: 1, proof, hello: new Uint8Array(0) })
  expect((await s.raw.receive('close')).reason).toMatchObject({ name: 'InvalidProof' })
  expect(s.group.peers).not.toContain(s.raw.id)
  undisturbed(s)
})

test('an answer without the key: the opener says nothing of the group', async () => {
  await using s = await scene('answer', 'higher')
  await s.raw.bond()
  s.raw.send({ type: 'ask', groupId: idOf('g') })
  const { n } = await s.raw.receive('open')
  s.raw.send({ type: 'answer', n, nonce, proof: new Uint8Array(32), observer: false })
  expect((await s.raw.receive('close')).reason).toMatchObject({ name: 'InvalidProof' })
  undisturbed(s)
})

test('groups that are not joined are denied, whoever asks', async () => {
  await using s = await scene('not joined')
  await s.raw.bond()
  s.raw.send(open('nothing'))
  expect((await s.raw.receive('close')).reason).toMatchObject({ name: 'GroupNotFound' })
  const higher = await RawPeer.beside(s.world, s.victim, 'higher')
  await higher.bond()
  higher.send({ type: 'ask', groupId: idOf('nothing') })
  expect((await higher.receive('deny')).reason).toMatchObject({ name: 'GroupNotFound' })
  undisturbed(s)
})

const status = { n: 1, status: new Uint8Array(1) }
const violations: [string, (raw: RawPeer) => void][] = [
  ['an empty frame', (raw) => raw.link.send(new Uint8Array(0))],
  ['a frame of an unknown kind', (raw) => raw.link.send(Uint8Array.of(99))],
  ['a frame cut short', (raw) => raw.link.send(encodeFrame(open('h', 2)).subarray(0, 40))],
  ['a frame that is too long', (raw) => raw.link.send(new Uint8Array([...encodeFrame(open('h', 2)), 0]))],
  ['an oversized frame', (raw) => raw.link.send(new Uint8Array(MAX_FRAME_BYTES + 1).fill(12))],
  ['a part of another size', (raw) => raw.link.send(encodeFrame({ type: 'part', n: 1, payload: new Uint8Array(PIECE_BYTES - 1) }))],
  ['a number that was never given', (raw) => raw.send({ type: 'control', n: 7, payload: new Uint8Array(1) })],
  ['the number 0', (raw) => raw.send({ type: 'control', n: 0, payload: new Uint8Array(1) })],
  ['a number given twice', (raw) => raw.send(open('h', 1))],
  ['a group opened twice', (raw) => raw.send(open('g', 2))],
  ['an up out of turn', (raw) => raw.send({ type: 'up', n: 1, hello: new Uint8Array(0) })],
  ['a proof out of turn', (raw) => raw.send({ type: 'prove', n: 1, proof: new Uint8Array(32), hello: new Uint8Array(0) })],
  ['a second welcome', (raw) => raw.send({ type: 'welcome', run: 1n })],
  ['an ask by the opener', (raw) => raw.send({ type: 'ask', groupId: idOf('g') })],
  ['an acknowledgement of nothing', (raw) => raw.send({ type: 'beat', sequence: 1, ack: 1000, statuses: [] })],
  ['a status of a group unheard of', (raw) => raw.send({ type: 'beat', sequence: 1, ack: 0, statuses: [{ ...status, n: 9 }] })],
  [
    'a frame without end',
    (raw) => {
      for (let i = 0; i < 300; i++) raw.send({ type: 'part', n: 1, payload: new Uint8Array(PIECE_BYTES) })
    },
  ],
]

test.each(violations)('%s ends the bond with ProtocolViolation, and no other', async (what, act) => {
  await using s = await scene(what)
  await s.raw.bond()
  await s.raw.up('g')
  act(s.raw)
  expect(await s.raw.ended()).toMatchObject({ code: CloseReasons.ProtocolViolation.code })
  await s.world.eventually(() => !s.group.peers.includes(s.raw.id))
  undisturbed(s)
})

test.each<[string, BondFrame]>([
  ['data', { type: 'control', n: 1, payload: new Uint8Array(1) }],
  ['bulk', { type: 'bulk', n: 1, payload: new Uint8Array(1) }],
  ['a status', { type: 'beat', sequence: 1, ack: 0, statuses: [status] }],
])('%s before the proof ends the bond', async (what, frame) => {
  await using s = await scene(`early ${what}`)
  await s.raw.bond()
  s.raw.send(open())
  s.raw.send(frame)
  expect(await s.raw.ended()).toMatchObject({ code: CloseReasons.ProtocolViolation.code })
  expect(s.group.happened.filter(({ peer }) => peer === s.raw.id)).toEqual([])
  undisturbed(s)
})

test('a stranger to the catalog is refused after one sync; one with another network, without', async () => {
  await using s = await scene('stranger')
  const endpoint = await s.world.sim.endpoint('bonds')
  const stranger = new RawPeer(s.world, endpoint, s.victim)
  await stranger.dial()
  expect(await stranger.ended()).toMatchObject({ name: 'UnknownPeer' })
  const stream = await s.world.sim.run(s.raw.endpoint.open(s.victim.address, PROTOCOL))
  const link = createLink(stream, { clock: s.raw.endpoint.clock, firstMessageMs: 0 })
  link.send(encodeFrame({ type: 'start', proof: idOf('x'), run: 1n, token: 1n, seen: 0n }))
  expect(await s.world.sim.run(link.closed)).toMatchObject({ name: 'DifferentNetwork' })
  undisturbed(s)
})

test('who says nothing is cut off: at first, in a handshake, and with nothing in common', async () => {
  await using s = await scene('silent')
  const stream = await s.world.sim.run(s.raw.endpoint.open(s.victim.address, PROTOCOL))
  const link = createLink(stream, { clock: s.raw.endpoint.clock, firstMessageMs: 0 })
  expect(await s.world.sim.run(link.closed)).toMatchObject({ name: 'Timeout' })
  await s.raw.bond()
  s.raw.send(open())
  await s.raw.receive('answer')
  expect((await s.raw.receive('close')).reason).toMatchObject({ name: 'Timeout' })
  expect(await s.raw.ended()).toMatchObject({ name: 'NothingInCommon' })
  undisturbed(s)
})

test('no more than four bonds of one peer are being made at a time', async () => {
  await using s = await scene('many')
  const links = []
  for (let i = 0; i < 6; i++) {
    const stream = await s.world.sim.run(s.raw.endpoint.open(s.victim.address, PROTOCOL))
    links.push(createLink(stream, { clock: s.raw.endpoint.clock, firstMessageMs: 0 }))
    await s.world.sim.run(50)
  }
  await s.world.sim.run('1s')
  expect(links.map(({ ended }) => ended?.name)).toEqual([undefined, undefined, undefined, undefined, 'TooManyRequests', 'TooManyRequests'])
  undisturbed(s)
})

test('who asks and never reads is cut off', async () => {
  await using s = await scene('never reads', 'higher')
  await s.raw.bond()
  const nothing = idOf('nothing')
  let asked = 0
  while (s.raw.link.ended === undefined && asked < 100_000) {
    for (let i = 0; i < 2000; i++) s.raw.send({ type: 'ask', groupId: nothing })
    asked += 2000
    await s.world.sim.run(20)
  }
  expect(await s.raw.ended()).toMatchObject({ name: 'TooManyRequests' })
  undisturbed(s)
})

test('strangers that prove nothing cannot fill a node with bonds', async () => {
  await using s = await scene('crowd')
  const crowd: RawPeer[] = []
  for (let i = 0; i < 260; i++) {
    const endpoint = await s.world.sim.endpoint('bonds')
    s.victim.discovery.insert({ peerId: endpoint.id, addresses: [] })
    crowd.push(new RawPeer(s.world, endpoint, s.victim))
  }
  await Promise.all(crowd.map((raw) => raw.dial()))
  await s.world.sim.run('500ms')
  expect(crowd.filter(({ link }) => link.ended?.name === 'TooManyRequests')).toHaveLength(4)
  expect(metric(s.victim, 'mosaik.groups.bonds.active')).toBe(257)
  await s.world.sim.run('5s')
  expect(metric(s.victim, 'mosaik.groups.bonds.active')).toBe(1)
  undisturbed(s)
})

/** A frame, or `ERR_PROTOCOL`; and what is a frame comes back as it was. */
function decodes(bytes: Uint8Array): void {
  let frame: BondFrame
  try {
    frame = decodeFrame(bytes)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_PROTOCOL' })
    return
  }
  expect(decodeFrame(Uint8Array.from(encodeFrame(frame)))).toEqual(frame)
}

test('decoding anything is a frame or ERR_PROTOCOL', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 200 }), (kind, rest) => decodes(Uint8Array.of(kind, ...rest))),
    { numRuns: 2000 },
  )
})

const every: BondFrame[] = [
  { type: 'start', proof: idOf('x'), run: 2n ** 64n - 1n, token: 1n, seen: 0n },
  { type: 'welcome', run: 2n ** 63n },
  { type: 'ask', groupId: idOf('x') },
  { type: 'deny', groupId: idOf('x'), reason: { code: 4_000_000_000, name: 'Näme', detail: 'why' } },
  open(),
  { type: 'answer', n: 2 ** 32 - 1, nonce, proof: nonce, observer: true },
  { type: 'prove', n: 3, proof: nonce, hello: new Uint8Array(1024).fill(3) },
  { type: 'up', n: 4, hello: new Uint8Array(0) },
  { type: 'close', n: 5, reason: { code: 0, name: '' } },
  { type: 'standing', n: 6, observer: true },
  { type: 'beat', sequence: 2 ** 32 - 1, ack: 2 ** 31, statuses: [status, { n: 7, status: new Uint8Array(64) }] },
  { type: 'control', n: 8, payload: new Uint8Array(100).fill(1) },
  { type: 'part', n: 9, payload: new Uint8Array(PIECE_BYTES).fill(1) },
  { type: 'bulk', n: 10, payload: new Uint8Array(PIECE_BYTES).fill(1) },
]

test.each(every.map((frame) => [frame.type, frame] as const))('%s: comes back as it was, and no damage does harm', (_, frame) => {
  const bytes = Uint8Array.from(encodeFrame(frame))
  expect(decodeFrame(bytes)).toEqual(frame)
  const at = fc.integer({ min: 0, max: Math.min(bytes.length - 1, 300) })
  fc.assert(
    fc.property(at, fc.integer({ min: 0, max: 255 }), fc.integer({ min: -3, max: 3 }), (where, byte, more) => {
      const damaged = new Uint8Array(Math.max(0, bytes.length + more))
      damaged.set(bytes.subarray(0, damaged.length))
      damaged[where] = byte
      decodes(damaged)
    }),
    { numRuns: bytes.length > 10_000 ? 20 : 200 },
  )
})

test('a reason is cut to what a frame may say', () => {
  const frame = encodeFrame({ type: 'close', n: 1, reason: { code: 1, name: 'n'.repeat(100), detail: 'é'.repeat(1000) } })
  expect(decodeFrame(frame)).toMatchObject({ reason: { code: 1, name: 'n'.repeat(64), detail: 'é'.repeat(128) } })
  expect(decodeFrame(encodeFrame({ type: 'close', n: 1, reason: { code: 1, name: 'a\nb' } }))).toMatchObject({ reason: { name: 'a b' } })
})
