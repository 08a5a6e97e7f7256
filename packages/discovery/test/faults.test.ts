import { seededPrng } from '@mosaik/core'
import type { Prng } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { createDiscovery } from '../src/index.ts'
import type { Discovery } from '../src/index.ts'
import { LONG } from './helpers.ts'

const OPTIONS = { announceInterval: '2s', purgeAfter: '20s' } as const
const FAULTS = 12

interface Member {
  discovery: Discovery
  /** The bootstrap addresses it was given, to be given again after a restart. */
  readonly bootstrap: readonly string[]
  state: 'up' | 'crashed' | 'left'
  tags: number
}

function pick<T>(items: readonly T[], prng: Prng): T {
  return items[Math.floor(prng.float() * items.length)] as T
}

async function grow(world: SimWorld, members: Member[], prng: Prng): Promise<void> {
  // The first member stays: whoever knows only somebody who goes could not be helped.
  const known = members.filter(({ state }, i) => i === 0 || (state === 'up' && prng.float() < 0.3))
  const bootstrap = known.map(({ discovery }) => discovery.endpoint.addresses[0] as string)
  const endpoint = await world.endpoint('net')
  const discovery = await createDiscovery(endpoint, { ...OPTIONS, bootstrap })
  members.push({ discovery, bootstrap, state: 'up', tags: 0 })
}

async function comeBack(world: SimWorld, member: Member): Promise<void> {
  const endpoint = await world.restart(member.discovery.endpoint)
  member.discovery = await createDiscovery(endpoint, { ...OPTIONS, bootstrap: member.bootstrap })
  member.state = 'up'
}

async function fault(world: SimWorld, members: Member[], prng: Prng): Promise<void> {
  const up = members.filter(({ state }) => state === 'up')
  const member = pick(up, prng)
  switch (pick(['tag', 'tag', 'crash', 'return', 'leave', 'join', 'cut', 'one way', 'heal', 'break', 'pause', 'clock'], prng)) {
    case 'tag':
      return member.discovery.addTags(`tag ${++member.tags}`)
    case 'crash':
      if (up.length < 4 || member === members[0]) return
      world.crash(member.discovery.endpoint)
      member.state = 'crashed'
      return
    case 'return': {
      const crashed = members.find(({ state }) => state === 'crashed')
      return crashed && comeBack(world, crashed)
    }
    case 'leave':
      if (up.length < 4 || member === members[0]) return
      member.state = 'left'
      return world.run(member.discovery.close())
    case 'join':
      return grow(world, members, prng)
    case 'cut':
      return void world.partition(up.filter(() => prng.float() < 0.5).map(({ discovery }) => discovery.endpoint))
    case 'one way':
      return void world.partition(member.discovery.endpoint, undefined, { oneWay: true })
    case 'heal':
      return world.heal()
    case 'break':
      return void world.breakConnection(member.discovery.endpoint, pick(up, prng).discovery.endpoint)
    case 'pause': {
      const { endpoint } = member.discovery
      world.pause(endpoint)
      await world.run(pick([1000, 5000], prng))
      return world.resume(endpoint)
    }
    case 'clock':
      return world.stepClock(member.discovery.endpoint, pick([-3000, -500, 500, 3000], prng))
  }
}

/** Everyone who is up has exactly everyone else who is up, as they describe themselves now. */
function agree(members: readonly Member[]): boolean {
  const up = members.filter(({ state }) => state === 'up')
  return up.every(({ discovery }) => {
    const catalog = discovery.catalog.value
    if (catalog.size !== up.length - 1) return false
    return up.every(({ discovery: other }) => other === discovery || catalog.get(other.endpoint.id)?.tags.size === other.me.tags.size)
  })
}

test.each([1, 2, 3])(
  'after faults of every kind all catalogs agree again (seed %d)',
  async (seed) => {
    await using world = simWorld({ seed, loss: 0.02 })
    const prng = seededPrng(`faults ${seed}`)
    const members: Member[] = []
    while (members.length < 8) await grow(world, members, prng)
    for (let i = 0; i < FAULTS; i++) {
      await world.run(500 + 6000 * prng.float())
      await fault(world, members, prng)
    }
    world.heal()
    let waited = 0
    while (!agree(members) && waited < 90) {
      await world.run('1s')
      waited++
    }
    expect(agree(members), `not after ${waited} s`).toBe(true)
    // and it stays so: nobody comes back who has left
    await world.run('30s')
    expect(agree(members)).toBe(true)
  },
  LONG,
)
