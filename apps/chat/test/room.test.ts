import type { Network, PeerId } from '@mosaik/node'
import { simWorld } from '@mosaik/node/testing'
import { describe, expect, it, vi } from 'vitest'
import { definitionsOf } from '../src/definitions.ts'
import { enterRoom } from '../src/room.ts'
import type { Room, RoomEvent } from '../src/room.ts'
import { Talk } from '../src/talk.ts'

interface Person extends Room {
  readonly network: Network
  readonly told: RoomEvent[]
  /** Names on the list, in order. */
  here(): string
  /** All texts it has been told, those that were there before in brackets. */
  texts(): string
}

async function play(
  seed: number,
  test: (world: ReturnType<typeof simWorld>, enter: (name: string, room?: string) => Promise<Person>) => Promise<void>,
): Promise<void> {
  await using world = simWorld({ seed })
  let bootstrap: readonly string[] = []
  const enter = async (name: string, room = 'kitchen'): Promise<Person> => {
    const network = await world.node('chat', { discovery: { bootstrap: [...bootstrap] } })
    if (bootstrap.length === 0) bootstrap = network.local.addresses
    const told: RoomEvent[] = []
    const entered = enterRoom(network, room, name, (event) => told.push(event))
    return {
      ...entered,
      get people() {
        return entered.people
      },
      network,
      told,
      here: () => [...entered.people.values()].toSorted().join(' '),
      texts: () =>
        told
          .flatMap((event) => (event.type !== 'message' ? [] : [event.isHistory ? `(${event.message.text})` : event.message.text]))
          .join(' '),
    }
  }
  await world.run(() => test(world, enter), { within: '10m' })
}

describe.each([1, 2, 3])('a room, seed %i', (seed) => {
  it('shows who is there and what is said, also to who comes late, and forgets who leaves', () =>
    play(seed, async (world, enter) => {
      const [ann, bob] = [await enter('ann'), await enter('bob')]
      await world.run('10s')
      await ann.say('hello')
      await bob.say('hi')
      await world.run('5s')
      const eve = await enter('eve')
      await world.run('10s')
      await eve.say('late')
      await world.run('5s')
      expect([ann.here(), eve.here()]).toEqual(['ann bob eve', 'ann bob eve'])
      expect(new Set(ann.texts().split(' '))).toEqual(new Set(['hello', 'hi', 'late']))
      expect(eve.texts()).toBe(`${ann.texts().split(' ').slice(0, 2).map((text) => `(${text})`).join(' ')} late`) // prettier-ignore
      await bob.leave()
      await bob.network.close()
      await world.run('1s')
      expect([ann.here(), eve.here()]).toEqual(['ann eve', 'ann eve'])
      expect(ann.told.filter(({ type }) => type === 'left')).toMatchObject([{ name: 'bob' }])
    }))

  it('forgets who crashes, the leader too, within 6 s', () =>
    play(seed, async (world, enter) => {
      const people = [await enter('ann'), await enter('bob'), await enter('eve')]
      await world.run('10s')
      const leads = ({ network }: Person): boolean => network.collections.reader(definitionsOf('kitchen').people).group.isLeader
      const crashed = people.find(leads) ?? people[0]!
      const others = people.filter((person) => person !== crashed)
      world.crash(crashed.network)
      await world.run('6s')
      expect(others.map((person) => person.people.has(crashed.network.local.id))).toEqual([false, false])
      expect(others.map(({ people: list }) => list.size)).toEqual([2, 2])
    }))

  it('goes on with the one who is left, and with who comes then', () =>
    play(seed, async (world, enter) => {
      const [ann, bob] = [await enter('ann'), await enter('bob')]
      await world.run('10s')
      await bob.say('before')
      await world.run('2s')
      world.crash(bob.network)
      await ann.say('after')
      await world.run('8s')
      expect([ann.here(), ann.texts()]).toEqual(['ann', 'before after'])
      const eve = await enter('eve')
      await world.run('10s')
      expect([eve.here(), ann.here(), eve.texts()]).toEqual(['ann eve', 'ann eve', '(before) (after)'])
    }))

  it('keeps what was said by those who had not met', () =>
    play(seed, async (world, enter) => {
      const [ann, bob] = [await enter('ann'), await enter('bob')]
      const heal = world.partition(ann.network)
      await ann.say('one')
      await bob.say('two')
      await world.run('20s')
      heal()
      await world.run('60s')
      expect([ann.here(), bob.here()]).toEqual(['ann bob', 'ann bob'])
      expect([ann, bob].map((person) => person.texts().split(' ').toSorted().join(' '))).toEqual(['one two', 'one two'])
    }))
})

it.each(['trim', 'sayAgain'] as const)('forgets who crashes, though %s waits', (waiting) =>
  play(1, async (world, enter) => {
    using _ = vi.spyOn(Talk.prototype, waiting).mockReturnValue(new Promise(() => {}))
    const people = [await enter('ann'), await enter('bob'), await enter('eve')]
    await world.run('10s')
    world.crash(people[2]!.network)
    await world.run('8s')
    expect(people.slice(0, 2).map(({ here }) => here())).toEqual(['ann bob', 'ann bob'])
  }),
)

it('keeps rooms apart', () =>
  play(1, async (world, enter) => {
    const [ann, bob] = [await enter('ann', 'kitchen'), await enter('bob', 'hall')]
    await world.run('10s')
    await ann.say('hello')
    await world.run('10s')
    expect([ann.here(), bob.here(), bob.texts()]).toEqual(['ann', 'bob', ''])
  }))

it('tells nothing of what others put on the list that is no name, and takes it off with who is gone', () =>
  play(1, async (world, enter) => {
    const [ann, bob] = [await enter('ann'), await enter('bob')]
    await world.run('10s')
    const people = bob.network.collections.writer(definitionsOf('kitchen').people)
    await people.insert('somebody' as PeerId, { toString: 1 } as never)
    await people.insert(7 as never, 'seven')
    await bob.say('hi')
    await world.run('1s')
    expect([ann.here(), ann.texts(), people.size]).toEqual(['ann bob', 'hi', 4])
    expect(ann.told.flatMap((event) => (event.type === 'joined' ? [event.name] : [])).toSorted()).toEqual(['ann', 'bob'])
    await world.run('10s')
    expect([ann.here(), people.size]).toEqual(['ann bob', 2])
  }))

it('keeps the last thousand messages', () =>
  play(1, async (world, enter) => {
    const ann = await enter('ann')
    for (let n = 0; n < 1_100; n++) await ann.say(String(n))
    await world.run('10s')
    const bob = await enter('bob')
    await world.run('10s')
    const texts = bob.texts().split(' ')
    expect([texts.length, texts[0], texts.at(-1)]).toEqual([1_000, '(100)', '(1099)'])
  }))

it('tells each message once, and keeps its bound, however fast it is written', { timeout: 60_000 }, () =>
  play(1, async (world, enter) => {
    const [ann, bob] = [await enter('ann'), await enter('bob')]
    await world.run('10s')
    const said = Array.from({ length: 2_500 }, (_, n) => String(n))
    await Promise.all(said.map((text) => ann.say(text)))
    await world.run('3s')
    const { messages } = definitionsOf('kitchen')
    expect([ann, bob].map(({ network }) => network.collections.reader(messages).length)).toEqual([1_000, 1_000])
    expect([ann, bob].map((person) => person.texts() === said.join(' '))).toEqual([true, true])
  }),
)
