import { silentLogger } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SyncSettings } from '../../src/config.ts'
import { holdState } from '../../src/driver/held-state.ts'
import type { HeldState } from '../../src/driver/held-state.ts'
import { Fetch } from '../../src/driver/snapshot-fetch.ts'
import type { Progress } from '../../src/driver/snapshot-fetch.ts'
import { Intake } from '../../src/driver/snapshot-intake.ts'
import { SnapshotServer } from '../../src/driver/snapshot-server.ts'
import { Turns } from '../../src/driver/turns.ts'
import type { SnapshotMeta } from '../../src/logic/snapshot.ts'
import type { SnapshotItem, SnapshotSource } from '../../src/types.ts'
import { decodeSnapshotFrame } from '../../src/wire/snapshot-frames.ts'
import type { SnapshotFrame } from '../../src/wire/snapshot-frames.ts'

const CHUNKS = 60
const MAX_ITEMS = 4
const SYNC: SyncSettings = { fetchBatchSize: MAX_ITEMS, snapshotTtl: 3_000, snapshotRequestTimeout: 4_000, fetchTimeout: 500 }
const LEADER = 'the leader' as PeerId
const ONE = 'one' as PeerId
const OTHER = 'other' as PeerId
const INDEX = 7

let world: SimWorld
let turns: Turns
let state: HeldState
let pulled = 0

function items(from?: Uint8Array): SnapshotItem[] {
  const all = Array.from({ length: CHUNKS * MAX_ITEMS }, (_, i): SnapshotItem => [Buffer.of(i >> 8, i & 255), Buffer.alloc(20, i)])
  return all.filter(([key]) => from === undefined || Buffer.compare(key, from) >= 0)
}

function* counted(from?: Uint8Array): Generator<SnapshotItem, void, undefined> {
  for (const item of items(from)) {
    pulled++
    yield item
  }
}

const sections: readonly SnapshotSource[] = [{ count: CHUNKS * MAX_ITEMS, items: counted }]

beforeEach(async () => {
  world = simWorld({ seed: 'exchange' })
  turns = new Turns(world.clock)
  const { signal } = new AbortController()
  const holding = holdState(sections, MAX_ITEMS, { turns, signal })
  await world.run(10)
  state = await holding
})

afterEach(() => world.close())

describe('a fetch', () => {
  type Ask = Extract<SnapshotFrame, { type: 'ask' }>
  interface Asked {
    readonly peer: PeerId
    readonly part: number
  }
  const asked: Asked[] = []
  const added: SnapshotItem[] = []
  const events: string[] = []
  let peers: PeerId[]
  let refused = 0
  let latest: Fetch
  /** What a peer says to a question, and after how long; undefined: nothing. */
  let answer: (peer: PeerId, part: number) => { readonly after: number; readonly frame: Partial<SnapshotFrame> } | undefined

  beforeEach(() => {
    for (const list of [asked, added, events]) list.length = 0
    ;[peers, refused] = [[LEADER, ONE, OTHER], 0]
    answer = (_peer, part) => ({ after: 5, frame: good(part) })
  })

  const good = (part: number): Partial<SnapshotFrame> => ({ type: 'part', bytes: part === 0 ? state.hashes : state.chunk(part - 1)! })
  const gone: Partial<SnapshotFrame> = { type: 'gone' }

  function emptyProgress(): Progress {
    const receiver = { add: (_section: number, more: readonly SnapshotItem[]) => void added.push(...more), commit: () => [] }
    return { intake: new Intake(receiver, MAX_ITEMS), hashes: undefined }
  }

  function begin(progress: Progress = emptyProgress()): Progress {
    latest = new Fetch({
      clock: world.clock,
      logger: silentLogger,
      turns,
      sync: SYNC,
      send: (peer, bytes) => {
        const { part, index } = decodeSnapshotFrame(bytes) as Ask
        asked.push({ peer, part })
        const said = answer(peer, part)
        if (said !== undefined) world.clock.after(said.after, () => latest.answer(peer, { ...said.frame, index, part } as never))
        return true
      },
      peers: () => peers,
      leader: () => LEADER,
      meta: { index: INDEX, root: state.root } as SnapshotMeta,
      progress,
      onVerified: () => {},
      onRefused: () => refused++,
      onDone: () => events.push('done'),
      onGivenUp: () => events.push('given up'),
      onError: (error) => events.push(String(error)),
    })
    return progress
  }

  it('asks everybody but the leader, each part once, never far ahead of what is added', async () => {
    let ahead = 0
    const progress = begin()
    answer = (_peer, part) => {
      ahead = Math.max(ahead, part - progress.intake.count)
      return { after: part % 7, frame: good(part) }
    }
    await world.run(1_000)
    expect(events).toEqual(['done'])
    expect(added.map(([key]) => Buffer.from(key).toString('hex'))).toEqual(items().map(([key]) => Buffer.from(key).toString('hex')))
    expect(asked.map(({ part }) => part).sort((a, b) => a - b)).toEqual(Array.from({ length: CHUNKS + 1 }, (_, i) => i))
    expect(new Set(asked.map(({ peer }) => peer))).toEqual(new Set([ONE, OTHER]))
    expect(ahead).toBeLessThanOrEqual(16)
    expect(progress.intake.commit().root).toBe(state.root)
  })

  it('asks the leader while nobody else can answer, and the others again later', async () => {
    answer = (peer, part) => (peer === LEADER || world.now > 600 ? { after: 200, frame: good(part) } : { after: 1, frame: gone })
    begin()
    await world.run(3_000)
    expect(events).toEqual(['done'])
    expect(asked.filter(({ peer }) => peer === LEADER).length).toBeGreaterThan(0)
    expect(asked.at(-1)?.peer).not.toBe(LEADER)
  })

  it('rests a source that says nothing, for ever longer', async () => {
    answer = (peer, part) => (peer === ONE ? undefined : { after: 300, frame: good(part) })
    begin()
    await world.run(10_000)
    expect(events).toEqual(['done'])
    expect(asked.filter(({ peer }) => peer === ONE).length).toBeLessThan(20)
  })

  it('takes an answer that comes late', async () => {
    peers = [ONE]
    answer = (_peer, part) => ({ after: part === 0 ? 5 : 700, frame: good(part) })
    begin()
    await world.run(30_000)
    expect(events).toEqual(['done'])
  })

  it('asks for less at a time over a line that is slow', async () => {
    let free = 0
    answer = (_peer, part) => {
      free = Math.max(free, world.now) + 150
      return { after: free - world.now, frame: good(part) }
    }
    begin()
    await world.run(60_000)
    expect(events).toEqual(['done'])
    expect(asked.length).toBeLessThan(1.6 * CHUNKS)
  })

  it('refuses what does not verify, also a list of hashes', async () => {
    const forged = (part: number): Partial<SnapshotFrame> => ({ type: 'part', bytes: Buffer.alloc(part === 0 ? 64 : 100, 1) })
    answer = (peer, part) => ({ after: 2, frame: peer === ONE ? forged(part) : good(part) })
    begin()
    await world.run(5_000)
    expect(events).toEqual(['done'])
    expect(refused).toBeGreaterThan(0)
    expect(added).toHaveLength(CHUNKS * MAX_ITEMS)
  })

  it('gives up at once when nobody has it, and after a while when nobody answers', async () => {
    answer = () => ({ after: 1, frame: gone })
    begin()
    await world.run(100)
    expect(events).toEqual(['given up'])
    answer = () => undefined
    begin()
    await world.run(SYNC.snapshotRequestTimeout - 1)
    expect(events).toHaveLength(1)
    await world.run(1)
    expect(events).toEqual(['given up', 'given up'])
    peers = []
    begin()
    await world.run(SYNC.snapshotRequestTimeout)
    expect(events).toHaveLength(3)
  })

  it('goes on from what another fetch has left', async () => {
    answer = (_peer, part) => (part < 30 ? { after: 5, frame: good(part) } : undefined)
    const progress = begin()
    await world.run(SYNC.snapshotRequestTimeout + 1_000)
    expect(events).toEqual(['given up'])
    expect(progress.intake.count).toBe(29)
    answer = (_peer, part) => ({ after: 5, frame: good(part) })
    asked.length = 0
    begin(progress)
    await world.run(1_000)
    expect(events).toEqual(['given up', 'done'])
    expect(Math.min(...asked.map(({ part }) => part))).toBe(30)
    expect(added).toHaveLength(CHUNKS * MAX_ITEMS)
  })

  it('says nothing and asks nobody once it is stopped', async () => {
    begin()
    await world.run(10)
    latest.stop()
    const count = asked.length
    await world.run(60_000)
    expect([events, asked.length]).toEqual([[], count])
  })
})

describe('a server', () => {
  const sent: SnapshotFrame[] = []
  let server: SnapshotServer

  beforeEach(() => {
    sent.length = 0
    server = new SnapshotServer({
      clock: world.clock,
      logger: silentLogger,
      turns,
      ttl: SYNC.snapshotTtl,
      send: (_peer, bytes) => sent.push(decodeSnapshotFrame(bytes)) > 0,
      onServed: () => {},
    })
  })

  async function ask(index: number, part: number): Promise<string> {
    sent.length = 0
    server.ask(ONE, index, part)
    await world.run(1)
    return sent.map(({ type }) => type).join()
  }

  it('serves the newest for ever, and an older one until it has not been asked for', async () => {
    expect(await ask(1, 0)).toBe('gone')
    server.offer(1, state)
    await world.run(SYNC.snapshotTtl * 3)
    expect([await ask(1, 0), await ask(1, CHUNKS), await ask(1, CHUNKS + 1)]).toEqual(['part', 'part', 'gone'])
    server.offer(2, state)
    for (let i = 0; i < 4; i++) {
      await world.run(SYNC.snapshotTtl - 100)
      expect(await ask(1, 3)).toBe('part')
    }
    await world.run(SYNC.snapshotTtl)
    expect([await ask(1, 3), await ask(2, 3)]).toEqual(['gone', 'part'])
    expect(await ask(2, 1)).toBe('part')
    // Of four, the one goes that nobody wants.
    for (const newer of [3, 4, 5, 6]) server.offer(newer, state)
    expect([await ask(2, 1), await ask(3, 1), await ask(4, 1), await ask(6, 1)]).toEqual(['part', 'gone', 'part', 'part'])
    server.close()
    expect(await ask(5, 1)).toBe('gone')
  })

  it('makes a chunk once for several who want it, and one in a turn', async () => {
    server.offer(1, state)
    pulled = 0
    for (const peer of [ONE, OTHER, LEADER]) for (let part = 1; part <= 8; part++) server.ask(peer, 1, part)
    await world.run(1)
    expect(sent).toHaveLength(24)
    expect(pulled).toBeLessThanOrEqual(8 * (MAX_ITEMS + 1))
  })

  it('tells whoever asks too much to ask elsewhere, and nobody else', async () => {
    server.offer(1, state)
    for (let i = 0; i < 400; i++) server.ask(ONE, 1, 1)
    expect(sent.map(({ type }) => type)).toEqual(Array.from({ length: 400 - 32 - 1 }, () => 'gone'))
    server.ask(OTHER, 1, 2)
    await world.run(1)
    expect(sent).toHaveLength(401)
    expect(sent.at(-1)).toMatchObject({ type: 'part', part: 2 })
  })
})

it('turns: pieces of several works come one in a turn, in their order', async () => {
  const done: string[] = []
  const work = async (name: string): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await turns.next()
      done.push(`${name}${i} ${world.trace.events}`)
    }
  }
  void work('a')
  void work('b')
  await world.run(1)
  expect(done.map((each) => each.split(' ')[0])).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
  expect(new Set(done.map((each) => each.split(' ')[1])).size).toBe(6)
})
